import type { TopicPartition } from '../../domain/stream/line-batch.ts'
import type { Millis } from '../../domain/time.ts'
import type { AbortedTransaction } from '../../wire/record-batch/aborted-transactions.ts'
import type { ApiVersions, KafkaRequest } from './request.ts'
import type { RequestWriter } from './request-writer.ts'
import type { ResponseReader } from './response-reader.ts'

/** From where one partition is to be read. */
export interface WantedPartition extends TopicPartition {
  /** Null: not known; then the topic is asked for by its name. */
  readonly topicId: string | null
  /** NO_EPOCH: not known. */
  readonly leaderEpoch: number
  readonly offset: number
  /** At least the leader epoch in which the record before `offset` was appended; NO_EPOCH: not known. */
  readonly fetchedEpoch: number
  readonly maxBytes: number
}

export interface FetchLimits {
  /** How long the broker may wait for the first byte. */
  readonly maxWaitMs: Millis
  readonly maxBytes: number
}

/** Where the leader's log has left the one that was fetched before. */
export interface Divergence {
  /** The newest epoch up to the one that was asked about of which the leader has records. */
  readonly epoch: number
  /** The offset after them. */
  readonly endOffset: number
}

/** What came of one partition; `error` 0: nothing is wrong. */
export interface FetchedPartition extends TopicPartition {
  readonly error: number
  readonly highWatermark: number
  readonly aborted: readonly AbortedTransaction[]
  /** Record batches; the last may be cut short. A view of the whole response. */
  readonly records: Buffer
  /** Null: as far as the broker can tell, `offset` goes on what was fetched before. */
  readonly divergence: Divergence | null
}

export interface FetchAnswer {
  readonly throttleMs: Millis
  readonly error: number
  readonly partitions: readonly FetchedPartition[]
}

/** A leader epoch that is not known. */
export const NO_EPOCH = -1

const FETCH = 1
const READ_COMMITTED = 1
const NO_SESSION = 0
const NO_SESSION_EPOCH = -1

/**
 * Committed records of partitions that one broker leads, at least one batch however large. By topic id (version 13)
 * where the broker and we know it, so that a topic that was made anew is not taken for the old one; else by name in
 * version 12 or, with brokers before Kafka 2.7, in version 11, which knows no `fetchedEpoch`.
 */
export function fetch(
  wanted: readonly WantedPartition[],
  limits: FetchLimits,
  versions: ApiVersions,
): KafkaRequest<FetchAnswer> {
  const newest = versions[FETCH]?.maxVersion ?? 0
  const flexible = newest >= 12
  const byId = newest >= 13 && wanted.every(({ topicId }) => topicId !== null)
  const topics = [...Map.groupBy(wanted, ({ topic }) => topic)]
  const names = new Map(wanted.map(({ topic, topicId }) => [topicId, topic]))
  return {
    apiKey: FETCH,
    apiVersion: flexible ? (byId ? 13 : 12) : 11,
    apiName: 'Fetch',
    flexible,
    encode: (to) => {
      to.int32(-1).int32(limits.maxWaitMs).int32(1).int32(limits.maxBytes)
      to.int8(READ_COMMITTED).int32(NO_SESSION).int32(NO_SESSION_EPOCH)
      if (flexible) encodeFlexible(to, topics, byId)
      else encodePlain(to, topics)
    },
    decode: (from) => (flexible ? decodeFlexible(from, byId ? names : null) : decodePlain(from)),
    throttleMs: (answer) => answer.throttleMs,
  }
}

type Topics = readonly (readonly [topic: string, partitions: readonly WantedPartition[]])[]

function encodePlain(to: RequestWriter, topics: Topics): void {
  to.array(topics, ([topic, partitions]) =>
    to
      .string(topic)
      .array(partitions, ({ partition, leaderEpoch, offset, maxBytes }) =>
        to.int32(partition).int32(leaderEpoch).int64(offset).int64(-1).int32(maxBytes),
      ),
  )
  to.int32(0).string('')
}

function encodeFlexible(to: RequestWriter, topics: Topics, byId: boolean): void {
  to.compactArray(topics, ([topic, partitions]) =>
    (byId ? to.raw(Buffer.from(partitions[0]?.topicId ?? '', 'hex')) : to.compactString(topic))
      .compactArray(partitions, ({ partition, leaderEpoch, offset, fetchedEpoch, maxBytes }) =>
        to.int32(partition).int32(leaderEpoch).int64(offset).int32(fetchedEpoch).int64(-1).int32(maxBytes).noTags(),
      )
      .noTags(),
  )
  to.compactArray([], () => undefined)
    .compactString('')
    .noTags()
}

function decodePlain(from: ResponseReader): FetchAnswer {
  const throttleMs = from.int32()
  const error = from.int16()
  from.int32()
  const partitions = from.array(() => {
    const topic = from.string()
    return from.array(() => {
      const facts = readFacts(from)
      const aborted = from.array(() => readAborted(from))
      from.int32()
      return { topic, ...facts, aborted, records: from.bytes() ?? NOTHING, divergence: null }
    })
  })
  return { throttleMs, error, partitions: partitions.flat() }
}

/** `names`: by topic id; null where the answer has them itself. */
function decodeFlexible(from: ResponseReader, names: ReadonlyMap<string | null, string> | null): FetchAnswer {
  const throttleMs = from.int32()
  const error = from.int16()
  from.int32()
  const partitions = from.compactArray(() => {
    const topic = names ? (names.get(from.uuid()) ?? '') : from.compactString()
    const list = from.compactArray(() => {
      const facts = readFacts(from)
      const aborted = from.compactArray(() => {
        const each = readAborted(from)
        from.skipTags()
        return each
      })
      from.int32()
      const records = from.compactBytes() ?? NOTHING
      return { topic, ...facts, aborted, records, divergence: from.tagged(DIVERGING_EPOCH, readDivergence) }
    })
    from.skipTags()
    return list
  })
  return { throttleMs, error, partitions: partitions.flat() }
}

const NOTHING = Buffer.alloc(0)

function readFacts(from: ResponseReader): Pick<FetchedPartition, 'partition' | 'error' | 'highWatermark'> {
  const facts = { partition: from.int32(), error: from.int16(), highWatermark: from.int64() }
  // Last stable offset and log start: what cannot be read yet counts as lag all the same.
  from.int64()
  from.int64()
  return facts
}

const DIVERGING_EPOCH = 0

const readDivergence = (from: ResponseReader): Divergence => ({ epoch: from.int32(), endOffset: from.int64() })

const readAborted = (from: ResponseReader): AbortedTransaction => ({
  producerId: from.bigint64(),
  firstOffset: from.int64(),
})
