// From the stored bytes of a batch to its records: checksum, decompression.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { takeFrom, type BufferPool } from '../buffer-pool.ts'
import {
  ATTRIBUTES_AT,
  type BatchHeader,
  COMPRESSION_MASK,
  HEADER_BYTES,
  LOG_APPEND_TIME,
  RECORD_BYTES_MIN,
} from './batch-header.ts'
import { codecs, compressions } from './compression.ts'
import { crc32c } from './crc32c.ts'
import type { OpenBatch } from './piece.ts'
import { Cursor } from './varint.ts'

/** The checksum of more is computed over several turns of the event loop: about 4 ms. */
const CRC_TURN_BYTES = 8 << 20
/** Version and type of a control record's key; type 0 aborts (Kafka: ControlRecordType). */
const CONTROL_KEY_BYTES = 4
const ABORT = 0

/** Throws RangeError when the bytes are not those that the producer or the broker signed. */
export async function verifyChecksum(bytes: Buffer, header: BatchHeader): Promise<void> {
  let crc = 0
  for (let at = header.at + ATTRIBUTES_AT; at < header.end; at += CRC_TURN_BYTES) {
    if (crc !== 0) await nextTurn()
    crc = crc32c(bytes, at, Math.min(at + CRC_TURN_BYTES, header.end), crc)
  }
  if (crc !== header.crc) throw new RangeError(`the checksum is ${hex(crc)} instead of ${hex(header.crc)}`)
}

const hex = (crc: number): string => crc.toString(16).padStart(8, '0')

/**
 * Decompresses into memory from `pool`, which closeBatch gives back.
 * Rejects with TooLargeError, RangeError, or the error of a decompressor.
 */
export async function openBatch(
  bytes: Buffer,
  header: BatchHeader,
  limit: number,
  pool: BufferPool | null,
): Promise<OpenBatch> {
  const { baseOffset, nextOffset, baseTimestamp, count } = header
  const stored = bytes.subarray(header.at + HEADER_BYTES, header.end)
  const compression = compressions[header.attributes & COMPRESSION_MASK]
  if (compression === undefined) throw new RangeError('an unknown compression')
  const records = compression === 'none' ? stored : await codecs[compression].decompress(stored, limit, takeFrom(pool))
  if (count < 0 || count * RECORD_BYTES_MIN > records.length) {
    throw new RangeError(`${count} records cannot be in ${records.length} bytes`)
  }
  return {
    bytes: records,
    ownBytes: records !== stored,
    cursor: new Cursor(records, 0),
    baseOffset,
    nextOffset,
    baseTimestamp,
    appendTime: (header.attributes & LOG_APPEND_TIME) === 0 ? null : header.maxTimestamp,
    left: count,
    lastOffset: baseOffset - 1,
  }
}

/** Nobody looks at the records any more. Stored ones lie in memory that is others'. */
export function closeBatch({ bytes, ownBytes }: OpenBatch, pool: BufferPool | null): void {
  if (ownBytes) pool?.give(bytes)
}

/** Whether the first record of a control batch ends an aborted transaction. Throws RangeError for one without type. */
export function isAbortMarker({ bytes, left }: OpenBatch): boolean {
  if (left === 0) return false
  const cursor = new Cursor(bytes, 0)
  cursor.varint()
  cursor.at++
  cursor.varlong()
  cursor.varint()
  if (cursor.varint() < CONTROL_KEY_BYTES || cursor.at + CONTROL_KEY_BYTES > bytes.length) {
    throw new RangeError('a control record without type')
  }
  return bytes.readInt16BE(cursor.at + 2) === ABORT
}
