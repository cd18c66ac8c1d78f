import { AttributionList } from '../attribution.ts'
import type { AnswerRun } from '../fifo.ts'
import type { LineBatch } from '../line-batch.ts'
import type { Lines } from '../lines.ts'
import type { Answers } from './protocol.ts'

const NEWLINE = 0x0a

/** The record that a line answers. */
export interface AnsweredRecord {
  readonly batch: LineBatch
  readonly orphan: boolean
  readonly record: number
}

/** What the lines of one read turn out to mean: answers with their records, and the records that are done. */
export class AnswerCollector {
  readonly done: AnswerRun[] = []
  readonly #bytes: Uint8Array
  readonly #ends: Uint32Array
  readonly #attributions = new AttributionList()
  #count = 0
  #at = 0

  /** No answer may be longer than the line it comes in. */
  constructor({ bytes, count }: Lines) {
    this.#bytes = new Uint8Array(bytes.length)
    this.#ends = new Uint32Array(count)
  }

  /** `data` without its newline; `ordinal`: how many answers the record had before. */
  add(data: Uint8Array, { batch, orphan, record }: AnsweredRecord, ordinal: number): void {
    this.#bytes.set(data, this.#at)
    this.#at += data.length
    this.#bytes[this.#at++] = NEWLINE
    this.#ends[this.#count++] = this.#at
    this.#attributions.add(batch, orphan, record, ordinal)
  }

  /** `violation`: why the reading stopped before the last line; null where it did not. */
  finish(violation: string | null): Answers {
    const count = this.#count
    const lines =
      count === 0 ? null : { bytes: this.#bytes.subarray(0, this.#at), ends: this.#ends.subarray(0, count), count }
    return { lines, attributions: this.#attributions.finish(), done: this.done, violation }
  }
}
