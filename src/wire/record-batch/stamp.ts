// What stands before the records: header, producer, checksum.
import { takeFrom, type BufferPool } from '../buffer-pool.ts'
import {
  ATTRIBUTES_AT,
  BASE_TIMESTAMP_AT,
  COUNT_AT,
  CRC_AT,
  HEADER_BYTES,
  LAST_DELTA_AT,
  LEADER_EPOCH_AT,
  MAGIC_AT,
  MAGIC_V2,
  MAX_TIMESTAMP_AT,
  PREFIX_BYTES,
  PRODUCER_ID_AT,
  SIZE_AT,
  TRANSACTIONAL,
} from './batch-header.ts'
import { codecs, type Compression, compressions } from './compression.ts'
import { crc32c } from './crc32c.ts'

/** Who sends a batch, as InitProducerId told, and its place in that producer's sequence for the partition. */
export interface ProducerStamp {
  readonly producerId: bigint | number
  readonly producerEpoch: number
  /** Sequence number of the first record. */
  readonly baseSequence: number
}

export interface BatchOptions extends ProducerStamp {
  readonly transactional: boolean
  readonly compression: Compression
}

/** The records of a batch, behind HEADER_BYTES of room. */
export interface UnstampedBatch {
  readonly bytes: Buffer
  readonly count: number
  readonly baseTimestamp: number
  readonly maxTimestamp: number
}

/** The leader knows its own. */
const NO_LEADER_EPOCH = -1

/**
 * Compresses, unless that brings nothing, and writes the header. May write into `batch.bytes` and give them back.
 * `pool`: for memory that it needs in between.
 */
export async function stampBatch(
  batch: UnstampedBatch,
  options: BatchOptions,
  pool: BufferPool | null,
): Promise<Buffer> {
  const { bytes, compression } = await compressed(batch.bytes, options.compression, pool)
  const attributes = compressions.indexOf(compression) | (options.transactional ? TRANSACTIONAL : 0)
  bytes.writeBigInt64BE(0n, 0)
  bytes.writeInt32BE(bytes.length - PREFIX_BYTES, SIZE_AT)
  bytes.writeInt32BE(NO_LEADER_EPOCH, LEADER_EPOCH_AT)
  bytes.writeInt8(MAGIC_V2, MAGIC_AT)
  bytes.writeInt16BE(attributes, ATTRIBUTES_AT)
  bytes.writeInt32BE(batch.count - 1, LAST_DELTA_AT)
  bytes.writeBigInt64BE(BigInt(batch.baseTimestamp), BASE_TIMESTAMP_AT)
  bytes.writeBigInt64BE(BigInt(batch.maxTimestamp), MAX_TIMESTAMP_AT)
  bytes.writeInt32BE(batch.count, COUNT_AT)
  stampProducer(bytes, options)
  return bytes
}

function stampProducer(bytes: Buffer, { producerId, producerEpoch, baseSequence }: ProducerStamp): void {
  bytes.writeBigInt64BE(BigInt(producerId), PRODUCER_ID_AT)
  bytes.writeInt16BE(producerEpoch, PRODUCER_ID_AT + 8)
  bytes.writeInt32BE(baseSequence, PRODUCER_ID_AT + 10)
  bytes.writeUInt32BE(crc32c(bytes, ATTRIBUTES_AT, bytes.length), CRC_AT)
}

async function compressed(
  bytes: Buffer,
  wanted: Compression,
  pool: BufferPool | null,
): Promise<{ bytes: Buffer; compression: Compression }> {
  if (wanted === 'none') return { bytes, compression: wanted }
  const records = await codecs[wanted].compress(bytes.subarray(HEADER_BYTES), takeFrom(pool))
  const smaller = records.length < bytes.length - HEADER_BYTES
  const whole = smaller ? takeFrom(pool)(HEADER_BYTES + records.length) : bytes
  if (smaller) records.copy(whole, HEADER_BYTES)
  pool?.give(records)
  return { bytes: whole, compression: smaller ? wanted : 'none' }
}
