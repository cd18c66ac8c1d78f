import type { AnswerRun } from './fifo.ts'
import { nameOf, type LineBatch, type TopicPartition } from './line-batch.ts'

/** Records [from, to) of a batch; those that are done are marked. */
interface Entry {
  readonly batch: LineBatch
  readonly from: number
  readonly to: number
  readonly done: Uint8Array
  /** Answers so far, by record. */
  readonly ordinals: Uint32Array
  open: number
  orphan: boolean
}

/** One record that is not done. */
export interface OpenRecord {
  readonly batch: LineBatch
  readonly record: number
  readonly orphan: boolean
  /** How many answers it had before. */
  readonly ordinal: number
}

/** Records that are answered in any order. Belongs to one incarnation of the Calculator. */
export class AnswerPool {
  readonly #entries = new Map<string, Entry[]>()
  #length = 0

  get length(): number {
    return this.#length
  }

  push(batch: LineBatch, from: number, to: number): void {
    if (from >= to) return
    const count = to - from
    const entry = { batch, from, to, open: count, orphan: false }
    const entries = this.#entries.get(nameOf(batch)) ?? []
    entries.push({ ...entry, done: new Uint8Array(count), ordinals: new Uint32Array(count) })
    this.#entries.set(nameOf(batch), entries)
    this.#length += count
  }

  /**
   * One more answer to the record at these coordinates, its last one where `isLast`; null where no such record is open.
   * Of two with the same coordinates (the partition was given away and came back) the older one is meant.
   */
  answer(at: TopicPartition, offset: number, isLast: boolean, countsAsAnswer: boolean): OpenRecord | null {
    const entries = this.#entries.get(nameOf(at)) ?? []
    for (const [position, entry] of entries.entries()) {
      const record = indexOf(entry, offset)
      if (record < 0 || entry.done[record - entry.from] !== 0) continue
      const ordinal = entry.ordinals[record - entry.from] ?? 0
      if (countsAsAnswer) entry.ordinals[record - entry.from] = ordinal + 1
      if (isLast) {
        entry.done[record - entry.from] = 1
        this.#length--
        if (--entry.open === 0) entries.splice(position, 1)
      }
      return { batch: entry.batch, record, orphan: entry.orphan, ordinal }
    }
    return null
  }

  isOpen(at: TopicPartition, offset: number): boolean {
    return (this.#entries.get(nameOf(at)) ?? []).some((entry) => {
      const record = indexOf(entry, offset)
      return record >= 0 && entry.done[record - entry.from] === 0
    })
  }

  forget(topic: string, partition: number): void {
    for (const entry of this.#entries.get(nameOf({ topic, partition })) ?? []) entry.orphan = true
  }

  /** Removes what is open, by partition and in the order of offsets. */
  rest(): AnswerRun[] {
    const runs: AnswerRun[] = []
    for (const { batch, from, to, done, orphan } of [...this.#entries.values()].flat()) {
      for (let at = from; at < to; at++) {
        if (done[at - from] !== 0) continue
        const last = runs[runs.length - 1]
        if (last?.batch === batch && last.to === at) runs[runs.length - 1] = { ...last, to: at + 1 }
        else runs.push({ batch, from: at, to: at + 1, orphan })
      }
    }
    this.#entries.clear()
    this.#length = 0
    return runs
  }
}

/** Index of the record with this offset within the entry; -1 for none. */
function indexOf({ batch, from, to }: Entry, offset: number): number {
  let low = from
  let high = to
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((batch.offsets[middle] ?? 0) < offset) low = middle + 1
    else high = middle
  }
  return low < to && batch.offsets[low] === offset ? low : -1
}
