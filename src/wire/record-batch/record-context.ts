// Keys, headers and times of the records of a piece: copied together, found by typed arrays, made into objects on demand.
import type { Headers, RecordContext } from '../../domain/stream/line-batch.ts'
import type { Millis } from '../../domain/time.ts'
import { Cursor } from './varint.ts'

const NONE: Headers = []

/**
 * Key and headers of each record, in one copy; only made when a record has either. Headers that equal those of the
 * record before, as from one producer they mostly do, are kept once.
 */
export class Extras {
  #bytes: Buffer
  #size = 0
  #keyStarts: Uint32Array
  /** -1 for no key. */
  #keyLengths: Int32Array
  /** Where the encoded headers with their count begin; 0 for none. */
  #headersStarts: Uint32Array
  /** The headers kept last. */
  #lastStart = 0
  #lastEnd = 0

  /** `records` and `bytes`: how many there will be, as far as known. */
  constructor(records: number, bytes: number) {
    this.#bytes = Buffer.allocUnsafe(Math.max(1, bytes))
    // Position 0 means none.
    this.#size = 1
    this.#keyStarts = new Uint32Array(records)
    this.#keyLengths = new Int32Array(records).fill(-1)
    this.#headersStarts = new Uint32Array(records)
  }

  get hasHeaders(): boolean {
    return this.#lastEnd > 0
  }

  /** What it holds in all. */
  get byteLength(): number {
    const tables = this.#keyStarts.byteLength + this.#keyLengths.byteLength + this.#headersStarts.byteLength
    return this.#bytes.length + tables
  }

  /** Whether `from[at, end)` are the headers that were kept last, which need no further look. */
  repeats(from: Uint8Array, at: number, end: number): boolean {
    const start = this.#lastStart
    const length = end - at
    if (length !== this.#lastEnd - start) return false
    const kept = this.#bytes
    for (let i = 0; i < length; i++) if (from[at + i] !== kept[start + i]) return false
    return true
  }

  addKey(index: number, from: Buffer, at: number, length: number): void {
    this.#reserve(index, length)
    this.#keyStarts[index] = this.#size
    this.#keyLengths[index] = length
    if (length > 0) this.#size += from.copy(this.#bytes, this.#size, at, at + length)
  }

  addHeaders(index: number, from: Buffer, at: number, end: number): void {
    this.#reserve(index, end - at)
    this.#lastStart = this.#size
    this.#size += from.copy(this.#bytes, this.#size, at, end)
    this.#lastEnd = this.#size
    this.#headersStarts[index] = this.#lastStart
  }

  repeatHeaders(index: number): void {
    this.#reserve(index, 0)
    this.#headersStarts[index] = this.#lastStart
  }

  /** Nothing more is added. */
  close(): void {
    if (this.#size < this.#bytes.length * 0.75) this.#bytes = Buffer.from(this.#bytes.subarray(0, this.#size))
  }

  key(index: number): Uint8Array | null {
    const length = this.#keyLengths[index] ?? -1
    const start = this.#keyStarts[index] ?? 0
    return length < 0 ? null : this.#bytes.subarray(start, start + length)
  }

  headers(index: number): Headers {
    const start = this.#headersStarts[index] ?? 0
    return start === 0 ? NONE : readHeaders(this.#bytes, start)
  }

  #reserve(index: number, bytes: number): void {
    if (this.#size + bytes > this.#bytes.length) {
      const wider = Buffer.allocUnsafe(Math.max(this.#size + bytes, this.#bytes.length * 2))
      this.#bytes.copy(wider, 0, 0, this.#size)
      this.#bytes = wider
    }
    const records = this.#keyStarts.length
    if (index < records) return
    const more = Math.max(index + 1, records * 2)
    this.#keyStarts = widened(this.#keyStarts, new Uint32Array(more))
    this.#keyLengths = widened(this.#keyLengths, new Int32Array(more).fill(-1, records))
    this.#headersStarts = widened(this.#headersStarts, new Uint32Array(more))
  }
}

function widened<T extends Uint32Array | Int32Array | Float64Array>(from: T, to: T): T {
  to.set(from)
  return to
}

/** Moves past headers and their count. Throws RangeError for one without name or a length beyond `end`. */
export function skipHeaders(cursor: Cursor, end: number): void {
  const count = cursor.varint()
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
