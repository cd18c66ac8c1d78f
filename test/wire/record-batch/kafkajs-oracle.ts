// kafkajs's own record-batch codec, to compare with: written by others, slow, and long in use.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)

interface Encoder {
  readonly buffer: Buffer
}

export interface OracleRecord {
  readonly offset: string
  readonly timestamp: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: Readonly<Record<string, Buffer | null | (Buffer | null)[]>>
}

export interface OracleBatch {
  readonly firstOffset: string
  readonly lastOffsetDelta: number
  readonly producerId: string
  readonly producerEpoch: number
  readonly firstSequence: number
  readonly inTransaction: boolean
  readonly isControlBatch: boolean
  readonly records: readonly OracleRecord[]
}

type Require = (path: string) => unknown
const load = require as Require

const Decoder = load('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => object
const decode = load('kafkajs/src/protocol/recordBatch/v0/decoder') as (decoder: object) => Promise<OracleBatch>
const { RecordBatch } = load('kafkajs/src/protocol/recordBatch/v0') as {
  RecordBatch: (options: object) => Promise<Encoder>
}
const encodeRecord = load('kafkajs/src/protocol/recordBatch/record/v0') as (record: object) => Encoder
const Long = load('kafkajs/src/utils/long') as { fromValue(value: string | number): object }

/** What kafkajs reads in one batch; it knows no compression but gzip. */
export const oracleDecode = (bytes: Buffer): Promise<OracleBatch> => decode(new Decoder(bytes))

export interface OracleInput {
  readonly firstOffset: number
  readonly firstTimestamp: number
  readonly producerId?: number
  readonly transactional?: boolean
  readonly gzip?: boolean
  readonly records: readonly {
    readonly offsetDelta: number
    readonly timestampDelta: number
    readonly key: Buffer | null
    readonly value: Buffer | null
    readonly headers: Readonly<Record<string, Buffer | Buffer[]>>
  }[]
}

export async function oracleEncode(batch: OracleInput): Promise<Buffer> {
  const { records, firstTimestamp } = batch
  const last = records.at(-1)
  const encoder = await RecordBatch({
    compression: batch.gzip ? 1 : 0,
    firstOffset: Long.fromValue(batch.firstOffset),
    firstTimestamp,
    maxTimestamp: Math.max(...records.map(({ timestampDelta }) => firstTimestamp + timestampDelta)),
    lastOffsetDelta: last?.offsetDelta ?? 0,
    producerId: Long.fromValue(batch.producerId ?? -1),
    transactional: batch.transactional ?? false,
    records: records.map((record) =>
      encodeRecord({ ...record, timestampDelta: Long.fromValue(record.timestampDelta) }),
    ),
  })
  return encoder.buffer
}
