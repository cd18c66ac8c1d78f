// The requests of transactions in the versions before the broker began to count epochs itself (Kafka 2.5 and newer).
import type { TopicPartition } from '../../domain/stream/line-batch.ts'
import type { Answer, MemberIdentity } from '../group/requests.ts'
import type { OffsetPosition, PartitionError } from '../group/offset-requests.ts'
import { NO_EPOCH } from '../protocol/fetch.ts'
import type { ProducerIdentity } from '../protocol/init-producer-id.ts'
import type { KafkaRequest } from '../protocol/request.ts'
import type { RequestWriter } from '../protocol/request-writer.ts'
import type { ResponseReader } from '../protocol/response-reader.ts'

/** Under which name, and as which of its producers, a transaction runs. */
export interface TransactionIdentity extends ProducerIdentity {
  readonly transactionalId: string
}

const throttleMs = (answer: Pick<Answer, 'throttleMs'>): number => answer.throttleMs
const head = (from: ResponseReader): Answer => ({ throttleMs: from.int32(), error: from.int16() })

/** A producer that is not known yet. */
export const UNKNOWN_PRODUCER: ProducerIdentity = { id: -1, epoch: -1 }

/**
 * The next epoch for a transactional id; whatever is open under an older one is aborted. `known`: who asks, so that one
 * whom somebody else has followed is told so.
 */
export const identify = (
  transactionalId: string,
  timeoutMs: number,
  known: ProducerIdentity,
): KafkaRequest<Answer & ProducerIdentity> => ({
  apiKey: 22,
  apiVersion: 3,
  apiName: 'InitProducerId',
  flexible: true,
  encode: (to) => to.compactString(transactionalId).int32(timeoutMs).int64(known.id).int16(known.epoch).noTags(),
  decode: (from) => ({ ...head(from), id: from.int64(), epoch: from.int16() }),
  throttleMs,
})

const producer = (to: RequestWriter, { transactionalId, id, epoch }: TransactionIdentity): RequestWriter =>
  to.string(transactionalId).int64(id).int16(epoch)

/** To be asked before anything is written to a partition. */
export const addPartitions = (
  who: TransactionIdentity,
  partitions: readonly TopicPartition[],
): KafkaRequest<Answer> => ({
  apiKey: 24,
  apiVersion: 2,
  apiName: 'AddPartitionsToTxn',
  encode: (to) =>
    producer(to, who).array([...Map.groupBy(partitions, ({ topic }) => topic)], ([topic, list]) =>
      to.string(topic).array(list, ({ partition }) => to.int32(partition)),
    ),
  decode: (from) => {
    const throttleMs = from.int32()
    const errors = from.array(() => {
      from.string()
      return from.array(() => (from.int32(), from.int16()))
    })
    return { throttleMs, error: worst(errors.flat()) }
  },
  throttleMs,
})

/** Partitions that were not looked at because of another one's error say so, and tell nothing. */
const worst = (errors: readonly number[]): number =>
  errors.find((error) => error !== 0 && error !== OPERATION_NOT_ATTEMPTED) ?? errors.find((error) => error !== 0) ?? 0

const OPERATION_NOT_ATTEMPTED = 55

/** To be asked before offsets are committed within the transaction. */
export const addOffsets = (who: TransactionIdentity, groupId: string): KafkaRequest<Answer> => ({
  apiKey: 25,
  apiVersion: 2,
  apiName: 'AddOffsetsToTxn',
  encode: (to) => producer(to, who).string(groupId),
  decode: head,
  throttleMs,
})

/** Commits the transaction, or aborts it. */
export const endTransaction = (who: TransactionIdentity, commits: boolean): KafkaRequest<Answer> => ({
  apiKey: 26,
  apiVersion: 2,
  apiName: 'EndTxn',
  encode: (to) => producer(to, who).boolean(commits),
  decode: head,
  throttleMs,
})

/** Goes to the coordinator of the consumer group. Version 3 carries member and generation: KIP-447. */
export const transactionalOffsetCommit = (
  { transactionalId, id, epoch }: TransactionIdentity,
  { groupId, generation, memberId, instanceId }: MemberIdentity,
  positions: readonly OffsetPosition[],
): KafkaRequest<{ readonly throttleMs: number; readonly partitions: readonly PartitionError[] }> => ({
  apiKey: 28,
  apiVersion: 3,
  apiName: 'TxnOffsetCommit',
  flexible: true,
  encode: (to) =>
    to
      .compactString(transactionalId)
      .compactString(groupId)
      .int64(id)
      .int16(epoch)
      .int32(generation)
      .compactString(memberId)
      .compactString(instanceId)
      .compactArray([...Map.groupBy(positions, ({ topic }) => topic)], ([topic, list]) =>
        to
          .compactString(topic)
          .compactArray(list, ({ partition, offset, metadata, leaderEpoch }) =>
            to
              .int32(partition)
              .int64(offset)
              .int32(leaderEpoch ?? NO_EPOCH)
              .compactString(metadata ?? '')
              .noTags(),
          )
          .noTags(),
      )
      .noTags(),
  decode: (from) => {
    const throttleMs = from.int32()
    const topics = from.compactArray(() => {
      const topic = from.compactString()
      const list = from.compactArray(() => {
        const facts = { topic, partition: from.int32(), error: from.int16() }
        from.skipTags()
        return facts
      })
      from.skipTags()
      return list
    })
    return { throttleMs, partitions: topics.flat() }
  },
  throttleMs,
})
