// The 61 bytes before the records of a batch, message format v2 (Kafka: DefaultRecordBatch).
import type { TopicPartition } from '../../domain/stream/line-batch.ts'
import { RecordBatchError } from './errors.ts'

/** Base offset and length: what precedes the bytes that the length counts. */
export const PREFIX_BYTES = 12
export const HEADER_BYTES = 61
export const MAGIC_V2 = 2
/** int32: bytes after PREFIX_BYTES. */
export const SIZE_AT = 8
export const LEADER_EPOCH_AT = 12
export const MAGIC_AT = 16
export const CRC_AT = 17
/** The checksum covers everything from here to the end. */
export const ATTRIBUTES_AT = 21
export const LAST_DELTA_AT = 23
export const BASE_TIMESTAMP_AT = 27
export const MAX_TIMESTAMP_AT = 35
/** int64, then its epoch, int16, and the base sequence, int32. */
export const PRODUCER_ID_AT = 43
export const COUNT_AT = 57

// Bits of the attributes.
export const COMPRESSION_MASK = 0x07
export const LOG_APPEND_TIME = 0x08
export const TRANSACTIONAL = 0x10
export const CONTROL = 0x20

/** The shortest record: length, attributes, two deltas, key, value, header count. */
export const RECORD_BYTES_MIN = 7

export interface BatchHeader {
  /** Bytes [at, end) of the response. */
  readonly at: number
  readonly end: number
  readonly baseOffset: number
  /** The offset after the last record that it ever had, also after compaction. */
  readonly nextOffset: number
  readonly crc: number
  readonly attributes: number
  readonly baseTimestamp: number
  readonly maxTimestamp: number
  /** -1 for none. */
  readonly producerId: bigint
  readonly count: number
}

/** What can be told of the batches of a response without looking into them. */
export interface Survey {
  /** End of the last batch that is there as a whole. */
  readonly end: number
  readonly batches: number
  /** The highest offset after any of these; 0 when there are none. */
  readonly nextOffset: number
  /** The leader epoch in which the last of these was appended; -1 when there are none. */
  readonly leaderEpoch: number
  /** The size, as far as known, of the batch of which only a part is there; 0 when there is none. */
  readonly partial: number
  /** Why what follows cannot be read. */
  readonly failure: RecordBatchError | null
}

/** Looks at the headers alone; `place` is for errors. */
export function surveyBatches(bytes: Buffer, place: TopicPartition): Survey {
  let end = 0
  let batches = 0
  let nextOffset = 0
  let leaderEpoch = -1
  let failure: RecordBatchError | null = null
  let size = 0
  while (end < bytes.length) {
    failure = refusal(bytes, end, place)
    size = failure || end + MAGIC_AT >= bytes.length ? HEADER_BYTES : PREFIX_BYTES + bytes.readInt32BE(end + SIZE_AT)
    if (failure || end + size > bytes.length) break
    nextOffset = Math.max(nextOffset, offsetAt(bytes, end) + bytes.readInt32BE(end + LAST_DELTA_AT) + 1)
    leaderEpoch = bytes.readInt32BE(end + LEADER_EPOCH_AT)
    end += size
    batches++
  }
  return { end, batches, nextOffset, leaderEpoch, partial: failure || end === bytes.length ? 0 : size, failure }
}

const offsetAt = (bytes: Buffer, at: number): number => bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4)

/** Why the batch that begins at `at` cannot be read; null also when too few bytes are there to tell. */
function refusal(bytes: Buffer, at: number, place: TopicPartition): RecordBatchError | null {
  if (at + MAGIC_AT >= bytes.length) return null
  const magic = bytes.readInt8(at + MAGIC_AT)
  const here = { topic: place.topic, partition: place.partition, baseOffset: offsetAt(bytes, at) }
  if (magic === 0 || magic === 1) {
    const cure = 'have the topic written anew by a client of Kafka 0.11 or later'
    return new RecordBatchError('unsupported', here, `message format v${magic} is not read, only v2: ${cure}`)
  }
  if (magic !== MAGIC_V2) return new RecordBatchError('corrupt', here, `unknown message format ${magic}`)
  const size = PREFIX_BYTES + bytes.readInt32BE(at + SIZE_AT)
  if (size < HEADER_BYTES) return new RecordBatchError('corrupt', here, `a size of ${size} bytes is too small`)
  const lastOffsetDelta = bytes.length < at + HEADER_BYTES ? 0 : bytes.readInt32BE(at + LAST_DELTA_AT)
  const possible = here.baseOffset >= 0 && lastOffsetDelta >= 0
  return possible && Number.isSafeInteger(here.baseOffset + lastOffsetDelta + 1)
    ? null
    : new RecordBatchError('corrupt', here, `impossible last offset delta ${lastOffsetDelta}`)
}

/** Reads the header of a whole batch that the survey passed; its checksum is not looked at. */
export function readHeader(bytes: Buffer, at: number): BatchHeader {
  const baseOffset = offsetAt(bytes, at)
  return {
    at,
    baseOffset,
    nextOffset: baseOffset + bytes.readInt32BE(at + LAST_DELTA_AT) + 1,
    end: at + PREFIX_BYTES + bytes.readInt32BE(at + SIZE_AT),
    crc: bytes.readUInt32BE(at + CRC_AT),
    attributes: bytes.readInt16BE(at + ATTRIBUTES_AT),
    baseTimestamp: Number(bytes.readBigInt64BE(at + BASE_TIMESTAMP_AT)),
    maxTimestamp: Number(bytes.readBigInt64BE(at + MAX_TIMESTAMP_AT)),
    producerId: bytes.readBigInt64BE(at + PRODUCER_ID_AT),
    count: bytes.readInt32BE(at + COUNT_AT),
  }
}
