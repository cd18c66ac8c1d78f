// Values become the records of a batch, written as they are added.
import type { Headers } from '../../domain/stream/line-batch.ts'
import type { ValueBatch } from '../../domain/stream/value-batch.ts'
import type { Millis } from '../../domain/time.ts'
import { takeFrom, type BufferPool } from '../buffer-pool.ts'
import { HEADER_BYTES } from './batch-header.ts'
import { encodeHeaders } from './headers-bytes.ts'
import { type BatchOptions, stampBatch } from './stamp.ts'
import { putVarint, putVarlong, sizeOfVarint, sizeOfVarlong } from './varint.ts'

/** A record of any kind; a null value is a tombstone. */
export interface OutgoingRecord {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: Headers
  readonly timestamp: Millis
}

/** Zigzag of -1: no key, no value. */
const NULL_LENGTH = 1
/** Attributes of a record, unused in v2. */
const ATTRIBUTES = 0
/** Differences of two such times are exact as varlongs. */
const TIME_MAX = 2 ** 51
const NO_TIME = -1
const FIRST_BYTES = 1024
const EMPTY = Buffer.alloc(0)

/** One record batch under way. How large it may be is for those to know who choose its records. */
export class RecordsWriter {
  readonly #pool: BufferPool | null
  #bytes: Buffer = EMPTY
  #size = HEADER_BYTES
  #count = 0
  #baseTimestamp = 0
  #maxTimestamp = 0

  /** `pool`: where memory is taken from, and the batch given back by whoever needs it no more; null: new each time. */
  constructor(pool: BufferPool | null = null) {
    this.#pool = pool
  }

  /** Makes room for that many bytes of records at once; without it the room grows by and by. */
  expect(bytes: number): void {
    this.#reserve(HEADER_BYTES + bytes)
  }

  /** Adds values [from, to). */
  add(values: ValueBatch, from: number, to: number): void {
    const { context, bytes, starts, ends } = values
    if (context.uniform) {
      this.#addUniform(values, context.uniform, from, to)
      return
    }
    for (let index = from; index < to; index++) {
      const value = bytes.subarray(starts[index], ends[index])
      const headers = context.headers(index)
      this.addRecord({ key: context.key(index), value, headers, timestamp: context.timestamp(index) })
    }
  }

  addRecord({ key, value, headers, timestamp }: OutgoingRecord): void {
    const timestampDelta = this.#timestampDelta(timestamp)
    const headersBytes = encodeHeaders(headers)
    const keyLength = key === null ? -1 : key.length
    const valueLength = value === null ? -1 : value.length
    const body =
      1 +
      sizeOfVarlong(timestampDelta) +
      sizeOfVarint(this.#count) +
      sizeOfVarint(keyLength) +
      Math.max(0, keyLength) +
      sizeOfVarint(valueLength) +
      Math.max(0, valueLength) +
      headersBytes.length
    const end = this.#size + sizeOfVarint(body) + body
    this.#reserve(end)
    const out = this.#bytes
    let at = putVarint(out, this.#size, body)
    out[at++] = ATTRIBUTES
    at = putVarlong(out, at, timestampDelta)
    at = putVarint(out, at, this.#count)
    at = putBytes(out, putVarint(out, at, keyLength), key)
    at = putBytes(out, putVarint(out, at, valueLength), value)
    putBytes(out, at, headersBytes)
    this.#added(end, 1, timestamp)
  }

  /**
   * The batch; the writer is empty then. The bytes are the caller's, to be sent again as they are.
   * Rejects with RangeError when nothing was added.
   */
  async encode(options: BatchOptions): Promise<Buffer> {
    const bytes = this.#bytes.subarray(0, this.#size)
    const batch = { bytes, count: this.#count, baseTimestamp: this.#baseTimestamp, maxTimestamp: this.#maxTimestamp }
    this.#bytes = EMPTY
    this.#size = HEADER_BYTES
    this.#count = 0
    const stamped = await stampBatch(batch, options, this.#pool)
    if (stamped.buffer !== bytes.buffer) this.#pool?.give(bytes)
    return stamped
  }

  /** Nothing is asked and nothing is measured per record but the value's length. */
  #addUniform(values: ValueBatch, same: { headers: Headers; timestamp: Millis }, from: number, to: number): void {
    const { starts, ends } = values
    const source = Buffer.from(values.bytes.buffer, values.bytes.byteOffset, values.bytes.length)
    const timestampDelta = this.#timestampDelta(same.timestamp)
    const headers = encodeHeaders(same.headers)
    const noHeaders = headers.length === 1
    const fixed = 2 + sizeOfVarlong(timestampDelta) + headers.length
    this.#reserve(this.#size + this.#bound(values, from, to, fixed))
    let out: Buffer = this.#bytes
    let at = this.#size
    let count = this.#count
    for (let index = from; index < to; index++) {
      const start = starts[index] ?? 0
      const length = (ends[index] ?? 0) - start
      const body = fixed + sizeOfVarint(count) + sizeOfVarint(length) + length
      const end = at + sizeOfVarint(body) + body
      if (end > out.length) out = this.#widen(at, end)
      at = putVarint(out, at, body)
      out[at++] = ATTRIBUTES
      at = putVarlong(out, at, timestampDelta)
      at = putVarint(out, at, count++)
      out[at++] = NULL_LENGTH
      at = putVarint(out, at, length)
      source.copy(out, at, start, start + length)
      at += length
      if (noHeaders) out[at++] = 0
      else at = putBytes(out, at, headers)
    }
    if (to > from) this.#added(at, to - from, same.timestamp)
  }

  /** What these values take at most, if they lie side by side; else the loop finds room as it goes. */
  #bound({ starts, ends }: ValueBatch, from: number, to: number, fixed: number): number {
    const span = (ends[to - 1] ?? 0) - (starts[from] ?? 0)
    return Math.max(0, span) + (to - from) * (fixed + 15)
  }

  /** From the batch's first record, whose own time is the base. */
  #timestampDelta(timestamp: Millis): number {
    return this.#count === 0 ? 0 : wireTime(timestamp) - this.#baseTimestamp
  }

  #added(end: number, records: number, timestamp: Millis): void {
    const at = wireTime(timestamp)
    if (this.#count === 0) this.#baseTimestamp = this.#maxTimestamp = at
    this.#maxTimestamp = Math.max(this.#maxTimestamp, at)
    this.#size = end
    this.#count += records
  }

  #reserve(bytes: number): void {
    if (bytes > this.#bytes.length) this.#widen(this.#size, bytes)
  }

  #widen(used: number, needed: number): Buffer {
    const wider = takeFrom(this.#pool)(Math.max(needed, FIRST_BYTES, this.#bytes.length * 2))
    this.#bytes.copy(wider, 0, 0, used)
    this.#pool?.give(this.#bytes)
    return (this.#bytes = wider)
  }
}

/** A time that no clock shows (a foreign producer may have sent any) travels as none, which every broker takes. */
const wireTime = (timestamp: Millis): number => (Math.abs(timestamp) < TIME_MAX ? Math.trunc(timestamp) : NO_TIME)

function putBytes(out: Uint8Array, at: number, bytes: Uint8Array | null): number {
  if (bytes === null) return at
  out.set(bytes, at)
  return at + bytes.length
}
