import type { Headers, LineBatch } from '../../domain/stream/line-batch.ts'
import type { OutputContext } from '../../domain/stream/value-batch.ts'
import type { Millis } from '../../domain/time.ts'
import { isDataframe } from '../../wire/cloud-event.ts'

/** The header that names the format of a value, in lower case. */
export const CONTENT_TYPE = 'content-type'

/** Key, headers and time that answers have from the records they answer. */
export class AnswerContext implements OutputContext {
  readonly uniform: OutputContext['uniform']
  readonly #batch: LineBatch
  readonly #from: number
  /** Index of the record behind each value; null where values answer `from` and the records after it. */
  readonly #records: Uint32Array | null
  readonly #count: number
  readonly #own: Headers

  /** `own`: headers of the answer itself. */
  constructor(batch: LineBatch, from: number, records: Uint32Array | null, count: number, own: Headers) {
    this.#batch = batch
    this.#from = from
    this.#records = records
    this.#count = count
    this.#own = own
    this.uniform = this.#uniform()
  }

  /** Index of the input record that value `index` answers. */
  record(index: number): number {
    return this.#records?.[index] ?? this.#from + index
  }

  key(index: number): Uint8Array | null {
    return this.#batch.context.key(this.record(index))
  }

  /**
   * The record's headers, and the answer's own. A content type gives way to the answer's; where that has none (raw
   * output) it stays, unless it speaks of the envelope that the Calculator never saw.
   */
  headers(index: number): Headers {
    const { context } = this.#batch
    if (!context.hasHeaders) return this.#own
    const typed = this.#own.some(([name]) => name === CONTENT_TYPE)
    const kept = context
      .headers(this.record(index))
      .filter(([name, value]) => (typed ? name.toLowerCase() !== CONTENT_TYPE : !isDataframe(name, value)))
    return [...kept, ...this.#own]
  }

  timestamp(index: number): Millis {
    return this.#batch.context.timestamp(this.record(index))
  }

  /** Whether any of the answered records has a key. */
  get isKeyed(): boolean {
    for (let index = 0; index < this.#count; index++) if (this.key(index) !== null) return true
    return false
  }

  #uniform(): OutputContext['uniform'] {
    if (this.#batch.context.hasHeaders || this.#count === 0) return null
    const timestamp = this.timestamp(0)
    for (let index = 0; index < this.#count; index++) {
      if (this.timestamp(index) !== timestamp || this.key(index) !== null) return null
    }
    return { headers: this.#own, timestamp }
  }
}
