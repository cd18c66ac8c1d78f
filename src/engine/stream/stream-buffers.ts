import type { AnswerRun } from '../../domain/stream/fifo.ts'
import { heldBytes, type LineBatch } from '../../domain/stream/line-batch.ts'
import type { ProtocolRules } from '../../domain/stream/protocol/protocol.ts'
import { ByteWindow } from '../../domain/stream/window.ts'

/** Input that only waits for the pipe: more would make the agent larger and nothing faster. */
const WAITING_MAX = 4 * 1024 * 1024

/**
 * The place that records take up on their way in, and the memory of their lines: free again when the records have left.
 */
export class StreamBuffers {
  readonly window: ByteWindow
  /** Bytes for what comes out. */
  readonly out: number
  readonly #rules: () => ProtocolRules
  /** How many records of a batch are done. */
  readonly #doneOf = new WeakMap<LineBatch, number>()

  /**
   * `bytes` in all: a quarter for what goes in and a quarter for what comes out, so that each can always make room for
   * itself. Either lies about twice, as lines and as the batches that the broker gives and gets.
   */
  constructor(bytes: number, rules: () => ProtocolRules) {
    const quarter = Math.floor(bytes / 4)
    this.out = quarter
    this.#rules = rules
    this.window = new ByteWindow(() => (this.endsWithWrite ? Math.min(quarter, WAITING_MAX) : quarter))
  }

  /** The place is free when the pipe has the bytes; else when they are answered. */
  get endsWithWrite(): boolean {
    return this.#rules().settles !== 'answer'
  }

  /** The records have left the agent: their place in the window is free. */
  left(records: readonly AnswerRun[]): void {
    for (const { batch, from, to } of records) this.window.release(heldBytes(batch, from, to))
  }

  /** Batches all of whose records are done serve again: nobody asks for a record that is settled. */
  recycle(records: readonly AnswerRun[]): void {
    for (const { batch, from, to } of records) {
      if (!batch.recycle) continue
      const done = (this.#doneOf.get(batch) ?? 0) + to - from
      this.#doneOf.set(batch, done)
      if (done === batch.count) batch.recycle()
    }
  }
}
