// Records become lines: the inner loop of reading. No object, no call out of the engine but the copy, per record.
import type { LineBatch } from '../../domain/stream/line-batch.ts'
import { takeFrom, type BufferPool } from '../buffer-pool.ts'
import { PieceIndex, RECORD_BYTES } from './piece-index.ts'
import { Extras, PieceContext, skipHeaders } from './record-context.ts'
import { Cursor } from './varint.ts'

const NEWLINE = 0x0a
/** The first records of a batch are a little shorter than the others. */
const LIKELY_MORE = 1.03

/** The uncompressed records of a batch, and how far they were read. */
export interface OpenBatch {
  readonly bytes: Buffer
  /** They were decompressed, and lie in memory of their own. */
  readonly ownBytes: boolean
  readonly cursor: Cursor
  readonly baseOffset: number
  readonly nextOffset: number
  readonly baseTimestamp: number
  /** The broker's time for all of them (message.timestamp.type=LogAppendTime), null where each has its own. */
  readonly appendTime: number | null
  /** Records not read yet. */
  left: number
  /** Of the last record that was read. */
  lastOffset: number
}

/** Lines under way. It grows by batches until it is full or the response is read. */
export class Piece {
  readonly #firstOffset: number
  /** Record bytes that it may read; lines have fewer. One record is read however large it is. */
  readonly #limit: number
  readonly #pool: BufferPool | null
  #bytes: Buffer
  #size = 0
  #index: PieceIndex
  #count = 0
  #tombstones = 0
  #extras: Extras | null = null
  #work = 0

  /** `bytes`: what there is to read, as far as known. */
  constructor(firstOffset: number, limit: number, bytes: number, pool: BufferPool | null) {
    this.#firstOffset = firstOffset
    this.#limit = limit
    this.#pool = pool
    this.#bytes = takeFrom(pool)(Math.min(limit, bytes))
    this.#index = new PieceIndex(0, pool)
  }

  get full(): boolean {
    return this.#work >= this.#limit
  }

  /** Counts what was looked at without becoming lines. */
  skipped(bytes: number): void {
    this.#work += bytes
  }

  /**
   * Reads records until the batch ends or the piece is full; those below `fromOffset` are skipped.
   * Throws RangeError at a malformed record; what was read before it stays.
   */
  read(batch: OpenBatch, fromOffset: number): void {
    const { bytes, cursor, baseOffset, nextOffset, baseTimestamp, appendTime } = batch
    const began = cursor.at
    const stop = began + this.#limit - this.#work
    this.#reserve(batch, stop)
    let out = this.#bytes
    let size = this.#size
    let index = this.#index
    let count = this.#count
    try {
      while (batch.left > 0 && cursor.at < stop) {
        const start = cursor.at
        const length = cursor.varint()
        const end = cursor.at + length
        if (length < 6 || end > bytes.length) throw new RangeError(`impossible record size ${length}`)
        cursor.at++
        const timestampDelta = cursor.varlong()
        const offset = baseOffset + cursor.varint()
        const keyLength = cursor.varint()
        const keyAt = cursor.at
        if (keyLength > 0) cursor.at += keyLength
        if (cursor.at >= end) throw new RangeError('a key beyond the end of its record')
        const valueLength = cursor.varint()
        const valueAt = cursor.at
        if (valueLength > 0) cursor.at += valueLength
        if (cursor.at >= end) throw new RangeError('a value beyond the end of its record')
        const headersAt = cursor.at
        const repeated = this.#extras?.repeats(bytes, headersAt, end) ?? false
        if (repeated) cursor.at = end
        else skipHeaders(cursor, end)
        if (cursor.at !== end) throw new RangeError(`a record of another size than its ${end - start} bytes`)
        if (offset <= batch.lastOffset || offset >= nextOffset) throw new RangeError(`impossible offset ${offset}`)
        batch.lastOffset = offset
        batch.left--
        if (offset < fromOffset) continue
        if (valueLength < 0) {
          this.#tombstones++
          continue
        }
        if (size + valueLength >= out.length) out = this.#widen(size, valueLength + 1)
        if (count === index.capacity) index = this.#widenIndex(count, Math.ceil(count * 1.25) + 1)
        bytes.copy(out, size, valueAt, valueAt + valueLength)
        size += valueLength
        out[size++] = NEWLINE
        index.ends[count] = size
        index.offsets[count] = offset
        index.timestamps[count] = appendTime ?? baseTimestamp + timestampDelta
        if (keyLength >= 0 || end > headersAt + 1) {
          this.#extras ??= new Extras(index.capacity, Math.min(bytes.length - start, this.#limit))
          if (keyLength >= 0) this.#extras.addKey(count, bytes, keyAt, keyLength)
          if (repeated) this.#extras.repeatHeaders(count)
          else if (end > headersAt + 1) this.#extras.addHeaders(count, bytes, headersAt, end)
        }
        count++
      }
      if (batch.left === 0 && cursor.at !== bytes.length) throw new RangeError('bytes after the last record')
    } finally {
      this.#size = size
      this.#count = count
      this.#work += cursor.at - began
    }
  }

  /** The piece as far as it got. `nextOffset` is where reading goes on. */
  finish(place: Pick<LineBatch, 'topic' | 'partition' | 'epoch'>, nextOffset: number): LineBatch {
    const count = this.#count
    const pool = this.#pool
    const index = this.#index
    const memory = this.#bytes
    const used = memory.subarray(0, this.#size)
    // What would waste much of its memory is copied: the window counts what is used.
    const looseBytes = used.length < memory.length * 0.75
    const looseIndex = count < index.capacity * 0.75
    const cut = looseIndex ? 'slice' : 'subarray'
    this.#extras?.close()
    const batch = {
      topic: place.topic,
      partition: place.partition,
      epoch: place.epoch,
      firstOffset: this.#firstOffset,
      nextOffset,
      count,
      bytes: looseBytes ? Buffer.from(used) : used,
      ends: index.ends[cut](0, count),
      offsets: index.offsets[cut](0, count),
      tombstones: this.#tombstones,
      context: new PieceContext(index.timestamps[cut](0, count), this.#extras),
      besides: RECORD_BYTES + Math.ceil((this.#extras?.byteLength ?? 0) / Math.max(1, count)),
    }
    if (looseBytes) pool?.give(memory)
    if (looseIndex) index.recycle()
    if (pool === null || looseBytes || looseIndex) return batch
    const recycle = (): void => {
      pool.give(memory)
      index.recycle()
    }
    return { ...batch, recycle }
  }

  /** Room for what this batch adds, up to `stop`, and an index for as many such records as there is room for. */
  #reserve(batch: OpenBatch, stop: number): void {
    const rest = batch.bytes.length - batch.cursor.at
    const bytes = Math.min(rest, stop - batch.cursor.at)
    if (this.#size + bytes > this.#bytes.length) this.#widen(this.#size, bytes)
    const share = Math.min(1, (this.#bytes.length - this.#size) / Math.max(1, rest))
    const likely = this.#count + Math.ceil(batch.left * share * LIKELY_MORE)
    if (likely > this.#index.capacity) this.#widenIndex(this.#count, likely)
  }

  #widen(used: number, more: number): Buffer {
    const wider = takeFrom(this.#pool)(Math.max(used + more, Math.min(this.#bytes.length * 2, this.#limit)))
    this.#bytes.copy(wider, 0, 0, used)
    this.#pool?.give(this.#bytes)
    return (this.#bytes = wider)
  }

  #widenIndex(count: number, capacity: number): PieceIndex {
    return (this.#index = this.#index.widened(count, capacity))
  }
}
