// What the tests of this folder write and compare: records as plain objects.
import type { Headers, LineBatch } from '../../../src/domain/stream/line-batch.ts'
import { lineAt } from '../../../src/domain/stream/lines.ts'
import { crc32c } from '../../../src/wire/record-batch/crc32c.ts'
import type { Compression } from '../../../src/wire/record-batch/compression.ts'
import { type ReaderOptions, RecordsReader } from '../../../src/wire/record-batch/records-reader.ts'
import { type OutgoingRecord, RecordsWriter } from '../../../src/wire/record-batch/records-writer.ts'
import type { BatchOptions, ProducerStamp } from '../../../src/wire/record-batch/stamp.ts'

export interface PlainRecord {
  readonly offset: number
  readonly timestamp: number
  readonly key: string | null
  readonly value: string
  readonly headers: readonly (readonly [string, string | null])[]
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

const plainHeaders = (headers: Headers): [string, string | null][] =>
  headers.map(([name, value]) => [name, value && text(value)])

export function plainRecords(batch: LineBatch): PlainRecord[] {
  return Array.from({ length: batch.count }, (_, index) => {
    const key = batch.context.key(index)
    return {
      offset: batch.offsets[index] ?? NaN,
      timestamp: batch.context.timestamp(index),
      key: key && text(key),
      value: text(lineAt(batch, index)),
      headers: plainHeaders(batch.context.headers(index)),
    }
  })
}

export const optionsOf = (over: Partial<ReaderOptions> = {}): ReaderOptions => ({
  topic: 'readings',
  partition: 3,
  epoch: 7,
  fetchOffset: 0,
  aborted: [],
  maxBatchBytes: 1 << 20,
  ...over,
})

/** Every piece of a response. */
export async function readAll(bytes: Buffer, over?: Partial<ReaderOptions>, maxBytes = 1 << 20): Promise<LineBatch[]> {
  const reader = new RecordsReader(bytes, optionsOf(over))
  const pieces: LineBatch[] = []
  for (let piece = await reader.next(maxBytes); piece !== null; piece = await reader.next(maxBytes)) pieces.push(piece)
  return pieces
}

export const record = (value: string | null, over: Partial<OutgoingRecord> = {}): OutgoingRecord => ({
  key: null,
  value: value === null ? null : Buffer.from(value, 'latin1'),
  headers: [],
  timestamp: 1_700_000_000_000,
  ...over,
})

/** A producer that is not idempotent. */
export const NO_PRODUCER: ProducerStamp = { producerId: -1n, producerEpoch: -1, baseSequence: -1 }

/** A record for each character. */
export const recordsOf = (characters: string): OutgoingRecord[] => Array.from(characters, (each) => record(each))

export interface BatchFacts extends Partial<BatchOptions> {
  readonly baseOffset?: number
  readonly leaderEpoch?: number
  /** Further bits of the attributes. */
  readonly attributes?: number
}

/** A batch as a broker would store it: at an offset, perhaps with bits that only brokers write. */
export async function batchOf(records: readonly OutgoingRecord[], facts: BatchFacts = {}): Promise<Buffer> {
  const writer = new RecordsWriter()
  for (const each of records) writer.addRecord(each)
  const compression: Compression = facts.compression ?? 'none'
  const bytes = await writer.encode({ ...NO_PRODUCER, transactional: false, ...facts, compression })
  return stored(bytes, facts)
}

export function stored(bytes: Buffer, { baseOffset = 0, leaderEpoch = -1, attributes = 0 }: BatchFacts): Buffer {
  bytes.writeBigInt64BE(BigInt(baseOffset), 0)
  bytes.writeInt32BE(leaderEpoch, 12)
  bytes.writeInt16BE(bytes.readInt16BE(21) | attributes, 21)
  return sealed(bytes)
}

/** With the checksum that these bytes have. */
export function sealed(bytes: Buffer): Buffer {
  bytes.writeUInt32BE(crc32c(bytes, 21), 17)
  return bytes
}

/** Bit of the attributes. */
export const CONTROL = 0x20

/** The end of a producer's transaction, as a transaction coordinator has it written. */
export async function marker(type: 'abort' | 'commit', producerId: number, baseOffset: number): Promise<Buffer> {
  const key = Buffer.from(type === 'abort' ? [0, 0, 0, 0] : [0, 0, 0, 1])
  const facts = { producerId, producerEpoch: 1, transactional: true, baseOffset, attributes: CONTROL }
  return batchOf([record('\0\0\0\0\0\x05', { key })], facts)
}
