// When an incarnation was given its records: the beginning of every duration that is measured.
import type { LineBatch } from '../../domain/stream/line-batch.ts'
import type { Millis } from '../../domain/time.ts'

/** Records that were handed over together; `stamped` is the time of the first in Kafka, ms since the epoch. */
export interface Given {
  readonly stamped: Millis
  records: number
}

/** One entry for each write to the Calculator, none for a record. */
export class GivenRecords {
  readonly #times = new WeakMap<LineBatch, { readonly to: number; readonly at: Millis }[]>()
  #unclaimed: Given[] = []

  /** Records of the batch below `to` that were not yet are handed over at `at`. */
  give(batch: LineBatch, to: number, at: Millis): void {
    const times = this.#times.get(batch)
    if (times) times.push({ to, at })
    else this.#times.set(batch, [{ to, at }])
  }

  /** When a record was handed over; null for one that was not. */
  at(batch: LineBatch, record: number): Millis | null {
    const times = this.#times.get(batch) ?? []
    let [low, high] = [0, times.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((times[middle]?.to ?? 0) > record) high = middle
      else low = middle + 1
    }
    return times[low]?.at ?? null
  }

  /** As `give`, where a checkpoint tells of all at once that they are done. */
  await(batch: LineBatch, from: number, to: number): void {
    if (to === from) return
    const last = this.#unclaimed.at(-1)
    // Of so many writes between two checkpoints the rest counts as as old as the last: nothing grows without limit.
    if (last && this.#unclaimed.length >= UNCLAIMED_MAX) last.records += to - from
    else this.#unclaimed.push({ stamped: batch.context.timestamp(from), records: to - from })
  }

  /** What was given since the last call. */
  claim(): readonly Given[] {
    const claimed = this.#unclaimed
    this.#unclaimed = []
    return claimed
  }
}

const UNCLAIMED_MAX = 4096
