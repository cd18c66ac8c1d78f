import type { TopicPartition } from '../../domain/stream/line-batch.ts'
import type { Millis } from '../../domain/time.ts'
import type { ApiVersions, KafkaRequest } from './request.ts'

/** What goes to one partition. */
export interface ProducedBatch extends TopicPartition {
  /** One record batch, whole. */
  readonly records: Uint8Array
}

/** What became of it; `error` 0: stored. */
export interface ProducedPartition extends TopicPartition {
  readonly error: number
  /** What the broker says about the error; null where it says nothing. */
  readonly detail: string | null
}

export interface ProduceAnswer {
  readonly throttleMs: Millis
  readonly partitions: readonly ProducedPartition[]
}

const PRODUCE = 0
const ALL_REPLICAS = -1
const BROKER_TIMEOUT: Millis = 20_000

/** Stores one record batch per partition in all in-sync replicas. Version 8 tells reasons; 7 is for older brokers. */
export function produce(
  batches: readonly ProducedBatch[],
  transactionalId: string | null,
  versions: ApiVersions,
): KafkaRequest<ProduceAnswer> {
  const withReasons = (versions[PRODUCE]?.maxVersion ?? 0) >= 8
  const topics = [...Map.groupBy(batches, ({ topic }) => topic)]
  return {
    apiKey: PRODUCE,
    apiVersion: withReasons ? 8 : 7,
    apiName: 'Produce',
    encode: (to) => {
      to.string(transactionalId).int16(ALL_REPLICAS).int32(BROKER_TIMEOUT)
      to.array(topics, ([topic, list]) =>
        to.string(topic).array(list, ({ partition, records }) => to.int32(partition).largeBytes(records)),
      )
    },
    decode: (from) => {
      const partitions = from.array(() => {
        const topic = from.string()
        return from.array(() => {
          const facts = { topic, partition: from.int32(), error: from.int16() }
          // Base offset, log append time, log start.
          from.raw(24)
          if (!withReasons) return { ...facts, detail: null }
          const reasons = from.array(() => (from.int32(), from.nullableString()))
          return { ...facts, detail: from.nullableString() ?? reasons.find((reason) => reason !== null) ?? null }
        })
      })
      return { partitions: partitions.flat(), throttleMs: from.int32() }
    },
    throttleMs: (answer) => answer.throttleMs,
  }
}
