import type { TopicPartition } from '../../domain/stream/line-batch.ts'
import { NO_EPOCH } from '../protocol/fetch.ts'
import type { KafkaRequest } from '../protocol/request.ts'
import type { Answer, MemberIdentity } from './requests.ts'

/** What is to be committed of one partition. */
export interface OffsetPosition extends TopicPartition {
  /** The next offset to read. */
  readonly offset: number
  /** Kept with the offset; at most 4 KiB by the broker's default. */
  readonly metadata?: string
  /** At least the leader epoch in which the record before `offset` was appended; left out: not known. */
  readonly leaderEpoch?: number
}

/** What the group has committed of one partition. */
export interface CommittedOffset extends TopicPartition {
  /** -1: nothing is committed. */
  readonly offset: number
  readonly metadata: string
  /** As it was committed; NO_EPOCH: not known. */
  readonly leaderEpoch: number
}

/** A broker's error code for one partition; 0: none. */
export interface PartitionError extends TopicPartition {
  readonly error: number
}

type Timed<T> = Omit<Answer, 'error'> & { readonly partitions: readonly T[] }

/** Version 7 carries `group.instance.id`. */
export const offsetCommit = (
  { groupId, generation, memberId, instanceId }: MemberIdentity,
  positions: readonly OffsetPosition[],
): KafkaRequest<Timed<PartitionError>> => ({
  apiKey: 8,
  apiVersion: 7,
  apiName: 'OffsetCommit',
  encode: (to) =>
    to
      .string(groupId)
      .int32(generation)
      .string(memberId)
      .string(instanceId)
      .array([...Map.groupBy(positions, ({ topic }) => topic)], ([topic, list]) =>
        to.string(topic).array(list, ({ partition, offset, metadata, leaderEpoch }) =>
          to
            .int32(partition)
            .int64(offset)
            .int32(leaderEpoch ?? NO_EPOCH)
            .string(metadata ?? ''),
        ),
      ),
  decode: (from) => {
    const throttleMs = from.int32()
    const topics = from.array(() => {
      const topic = from.string()
      return from.array(() => ({ topic, partition: from.int32(), error: from.int16() }))
    })
    return { throttleMs, partitions: topics.flat() }
  },
  throttleMs: ({ throttleMs }) => throttleMs,
})

/** Version 7 has `require_stable`: offsets of a transaction that is still open are answered with an error, not left out. */
export const offsetFetch = (
  groupId: string,
  partitions: readonly TopicPartition[],
): KafkaRequest<Answer & { readonly partitions: readonly (CommittedOffset & PartitionError)[] }> => ({
  apiKey: 9,
  apiVersion: 7,
  apiName: 'OffsetFetch',
  flexible: true,
  encode: (to) =>
    to
      .compactString(groupId)
      .compactArray([...Map.groupBy(partitions, ({ topic }) => topic)], ([topic, list]) =>
        to
          .compactString(topic)
          .compactArray(list, ({ partition }) => to.int32(partition))
          .noTags(),
      )
      .boolean(true)
      .noTags(),
  decode: (from) => {
    const throttleMs = from.int32()
    const topics = from.compactArray(() => {
      const topic = from.compactString()
      const list = from.compactArray(() => {
        const partition = from.int32()
        const offset = from.int64()
        const leaderEpoch = from.int32()
        const metadata = from.compactString()
        const error = from.int16()
        from.skipTags()
        return { topic, partition, offset, metadata, leaderEpoch, error }
      })
      from.skipTags()
      return list
    })
    return { throttleMs, error: from.int16(), partitions: topics.flat() }
  },
  throttleMs: ({ throttleMs }) => throttleMs,
})
