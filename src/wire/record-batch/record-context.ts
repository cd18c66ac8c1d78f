// Keys, headers and times of the records of a piece: copied together, found by typed arrays, made into objects on demand.
import type { Headers, RecordContext } from '../../domain/stream/line-batch.ts'
import type { Millis } from '../../domain/time.ts'
import { Cursor } from './varint.ts'

const NONE: Headers = []

/** Key and headers of each record, in one copy; only made when a record has either. */
export class Extras {
  #bytes: Buffer
  #size = 0
  #starts: Uint32Array
  /** -1 for no key. */
  #keyLengths: Int32Array
  /** Of the encoded headers with their count; 0 for none. */
  #headersLengths: Uint32Array
  #hasHeaders = false

  /** `records`: how many there will be, as far as known. */
  constructor(records: number, bytes: number) {
    this.#bytes = Buffer.allocUnsafe(bytes)
    this.#starts = new Uint32Array(records)
    this.#keyLengths = new Int32Array(records).fill(-1)
    this.#headersLengths = new Uint32Array(records)
  }

  get hasHeaders(): boolean {
    return this.#hasHeaders
  }

  /** `headersAt === headersEnd`: no headers. */
  add(index: number, from: Buffer, keyAt: number, keyLength: number, headersAt: number, headersEnd: number): void {
    const keyBytes = Math.max(0, keyLength)
    const headersBytes = headersEnd - headersAt
    this.#reserve(index, keyBytes + headersBytes)
    const at = this.#size
    from.copy(this.#bytes, at, keyAt, keyAt + keyBytes)
    from.copy(this.#bytes, at + keyBytes, headersAt, headersEnd)
    this.#starts[index] = at
    this.#keyLengths[index] = keyLength
    this.#headersLengths[index] = headersBytes
    this.#size = at + keyBytes + headersBytes
    if (headersBytes > 0) this.#hasHeaders = true
  }

  /** Nothing more is added. */
  close(): void {
    if (this.#size < this.#bytes.length * 0.75) this.#bytes = Buffer.from(this.#bytes.subarray(0, this.#size))
  }

  key(index: number): Uint8Array | null {
    const length = this.#keyLengths[index] ?? -1
    const start = this.#starts[index] ?? 0
    return length < 0 ? null : this.#bytes.subarray(start, start + length)
  }

  headers(index: number): Headers {
    if ((this.#headersLengths[index] ?? 0) === 0) return NONE
    return readHeaders(this.#bytes, (this.#starts[index] ?? 0) + Math.max(0, this.#keyLengths[index] ?? 0))
  }

  #reserve(index: number, bytes: number): void {
    if (this.#size + bytes > this.#bytes.length) {
      const wider = Buffer.allocUnsafe(Math.max(this.#size + bytes, this.#bytes.length * 2))
      this.#bytes.copy(wider, 0, 0, this.#size)
      this.#bytes = wider
    }
    const records = this.#starts.length
    if (index < records) return
    const more = Math.max(index + 1, records * 2)
    this.#starts = widened(this.#starts, new Uint32Array(more))
    this.#keyLengths = widened(this.#keyLengths, new Int32Array(more).fill(-1, records))
    this.#headersLengths = widened(this.#headersLengths, new Uint32Array(more))
  }
}

export function widened<T extends Uint32Array | Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from)
  return to
}

/** Moves past `count` headers. Throws RangeError for a header without name or a length beyond `end`. */
export function skipHeaders(cursor: Cursor, count: number, end: number): void {
  if (count < 0 || count > end - cursor.at) throw new RangeError(`impossible header count ${count}`)
  for (let i = 0; i < count; i++) {
    const name = cursor.varint()
    if (name < 0) throw new RangeError('a header without name')
    if (name > end - cursor.at) throw new RangeError('a header name beyond the end of its record')
    cursor.at += name
    const value = cursor.varint()
    if (value > end - cursor.at) throw new RangeError('a header value beyond the end of its record')
    if (value > 0) cursor.at += value
  }
}

/** Headers that `skipHeaders` went over. Values are views. */
function readHeaders(bytes: Buffer, at: number): Headers {
  const cursor = new Cursor(bytes, at)
  return Array.from({ length: cursor.varint() }, () => {
    const nameEnd = cursor.varint() + cursor.at
    const name = bytes.toString('utf8', cursor.at, nameEnd)
    cursor.at = nameEnd
    const length = cursor.varint()
    if (length < 0) return [name, null] as const
    const value = bytes.subarray(cursor.at, cursor.at + length)
    cursor.at += length
    return [name, value] as const
  })
}

/** What a piece knows of its records besides values and offsets. */
export class PieceContext implements RecordContext {
  readonly hasHeaders: boolean
  readonly #timestamps: Float64Array
  readonly #extras: Extras | null

  constructor(timestamps: Float64Array, extras: Extras | null) {
    this.hasHeaders = extras?.hasHeaders ?? false
    this.#timestamps = timestamps
    this.#extras = extras
  }

  key(index: number): Uint8Array | null {
    return this.#extras?.key(index) ?? null
  }

  headers(index: number): Headers {
    return this.#extras?.headers(index) ?? NONE
  }

  timestamp(index: number): Millis {
    return this.#timestamps[index] ?? 0
  }
}
