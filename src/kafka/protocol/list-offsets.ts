import type { TopicPartition } from '../../domain/stream/line-batch.ts'
import type { Millis } from '../../domain/time.ts'
import type { KafkaRequest } from './request.ts'

/** Instants that stand for the first offset that is kept, and for the end. */
export const EARLIEST = -2
export const LATEST = -1

export interface ListedOffset extends TopicPartition {
  readonly error: number
  /** -1: no record is that young. */
  readonly offset: number
}

/**
 * The first offset at or after `at` (ms since the epoch, EARLIEST or LATEST) of partitions that one broker leads.
 * `stable`: what an open transaction holds back is not there yet.
 */
export function listOffsets(
  partitions: readonly (TopicPartition & { readonly leaderEpoch: number })[],
  at: Millis,
  stable: boolean,
): KafkaRequest<readonly ListedOffset[]> {
  const topics = [...Map.groupBy(partitions, ({ topic }) => topic)]
  return {
    apiKey: 2,
    apiVersion: 4,
    apiName: 'ListOffsets',
    encode: (to) => {
      to.int32(-1).int8(stable ? 1 : 0)
      to.array(topics, ([topic, list]) =>
        to.string(topic).array(list, ({ partition, leaderEpoch }) => to.int32(partition).int32(leaderEpoch).int64(at)),
      )
    },
    decode: (from) => {
      from.int32()
      const listed = from.array(() => {
        const topic = from.string()
        return from.array(() => {
          const [partition, error] = [from.int32(), from.int16()]
          from.int64()
          const offset = from.int64()
          from.int32()
          return { topic, partition, error, offset }
        })
      })
      return listed.flat()
    },
  }
}
