import type { LineBatch } from './line-batch.ts'

/** Lines [from, to) of a batch, to be answered by as many output lines in the same order. */
export interface AnswerRun {
  readonly batch: LineBatch
  readonly from: number
  readonly to: number
  /** The partition was given away meanwhile: the answers are swallowed. */
  readonly orphan: boolean
}

interface Entry {
  readonly batch: LineBatch
  from: number
  to: number
  orphan: boolean
}

/**
 * Which input line the next output line answers (one-to-one: the k-th output answers the k-th input). Holds runs of
 * lines, nothing per line. One belongs to one incarnation of the Calculator.
 */
export class AnswerFifo {
  #entries: Entry[] = []
  /** Index of the first entry that waits. */
  #head = 0
  #length = 0
  #pushed = 0

  /** Lines that wait for their answer, orphans included. */
  get length(): number {
    return this.#length
  }

  /** Lines that have their answer. */
  get answered(): number {
    return this.#pushed - this.#length
  }

  /** Whether the line with this number, counted from 1, waits. */
  knows(name: number | string): boolean {
    return typeof name === 'number' && name > this.answered && name <= this.#pushed
  }

  /** Lines [from, to) of `batch` were written to the Calculator; all of it by default. */
  push(batch: LineBatch, from = 0, to = batch.count): void {
    if (from >= to) return
    this.#length += to - from
    this.#pushed += to - from
    const last = this.#head < this.#entries.length ? this.#entries[this.#entries.length - 1] : undefined
    if (last?.batch === batch && last.to === from && !last.orphan) last.to = to
    else this.#entries.push({ batch, from, to, orphan: false })
  }

  /**
   * Removes the next `n` lines, as runs in the order of their answers. Fewer come when fewer wait: more answers than
   * questions break the protocol, and are the caller's to judge.
   */
  take(n: number): AnswerRun[] {
    const runs: AnswerRun[] = []
    let wanted = n
    while (wanted > 0) {
      const entry = this.#entries[this.#head]
      if (!entry) break
      const to = Math.min(entry.to, entry.from + wanted)
      runs.push({ batch: entry.batch, from: entry.from, to, orphan: entry.orphan })
      wanted -= to - entry.from
      this.#length -= to - entry.from
      entry.from = to
      if (to === entry.to) this.#head++
    }
    if (this.#head === this.#entries.length || this.#head > 64) {
      this.#entries.splice(0, this.#head)
      this.#head = 0
    }
    return runs
  }

  /** The line that waits longest, as a run of one; null when none waits. */
  first(): AnswerRun | null {
    const entry = this.#entries[this.#head]
    return entry ? { batch: entry.batch, from: entry.from, to: entry.from + 1, orphan: entry.orphan } : null
  }

  /** Removes everything that waits. */
  rest(): AnswerRun[] {
    return this.take(this.#length)
  }

  /** Turns what waits of a partition that is given away into orphans; their places stay, so that answers stay aligned. */
  forget(topic: string, partition: number): void {
    for (let i = this.#head; i < this.#entries.length; i++) {
      const entry = this.#entries[i]
      if (entry?.batch.topic === topic && entry.batch.partition === partition) entry.orphan = true
    }
  }
}
