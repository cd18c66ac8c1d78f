import type { KafkaRequest } from './request.ts'
import type { RequestWriter } from './request-writer.ts'
import type { ResponseReader } from './response-reader.ts'

export interface BrokerAddress {
  readonly node: number
  readonly host: string
  readonly port: number
}

export interface PartitionFacts {
  readonly partition: number
  /** Node of the leader; -1 while there is none. */
  readonly leader: number
  /** -1: not known. */
  readonly leaderEpoch: number
}

export interface TopicFacts {
  readonly name: string
  /** Changes when the topic is deleted and made again; null where the broker is too old to say. */
  readonly id: string | null
  readonly partitions: readonly PartitionFacts[]
}

export interface ClusterFacts {
  readonly brokers: readonly BrokerAddress[]
  /** Node that makes topics; -1 while there is none. */
  readonly controller: number
  /** Each topic that was asked for; of one that cannot be had only the broker's error code. */
  readonly topics: ReadonlyMap<string, TopicFacts | { readonly error: number }>
}

const NO_ID = '0'.repeat(32)

/** Never makes a topic. Version 10 has topic ids; 7, the oldest with leader epochs, is for brokers before Kafka 2.8. */
export function metadata(topics: readonly string[], maxVersion: number): KafkaRequest<ClusterFacts> {
  const flexible = maxVersion >= 10
  return {
    apiKey: 3,
    apiVersion: flexible ? 10 : 7,
    apiName: 'Metadata',
    flexible,
    encode: (to) =>
      flexible ? encodeFlexible(to, topics) : to.array(topics, (name) => to.string(name)).boolean(false),
    decode: flexible ? decodeFlexible : decodePlain,
  }
}

function encodeFlexible(to: RequestWriter, topics: readonly string[]): void {
  to.compactArray(topics, (name) => to.raw(new Uint8Array(16)).compactString(name).noTags())
  to.boolean(false).boolean(false).boolean(false).noTags()
}

function decodeFlexible(from: ResponseReader): ClusterFacts {
  from.int32()
  const brokers = from.compactArray(() => {
    const broker = { node: from.int32(), host: from.compactString(), port: from.int32() }
    from.compactNullableString()
    from.skipTags()
    return broker
  })
  from.compactNullableString()
  const controller = from.int32()
  const topics = from.compactArray(() => {
    const error = from.int16()
    const name = from.compactString()
    const id = from.uuid()
    from.boolean()
    const partitions = from.compactArray(() => {
      const facts = readPartition(from)
      for (let lists = 0; lists < 3; lists++) from.compactArray(() => from.int32())
      from.skipTags()
      return facts
    })
    from.int32()
    from.skipTags()
    return entry(error, { name, id: id === NO_ID ? null : id, partitions })
  })
  return { brokers, controller, topics: new Map(topics) }
}

function decodePlain(from: ResponseReader): ClusterFacts {
  from.int32()
  const brokers = from.array(() => {
    const broker = { node: from.int32(), host: from.string(), port: from.int32() }
    from.nullableString()
    return broker
  })
  from.nullableString()
  const controller = from.int32()
  const topics = from.array(() => {
    const error = from.int16()
    const name = from.string()
    from.boolean()
    const partitions = from.array(() => {
      const facts = readPartition(from)
      for (let lists = 0; lists < 3; lists++) from.array(() => from.int32())
      return facts
    })
    return entry(error, { name, id: null, partitions })
  })
  return { brokers, controller, topics: new Map(topics) }
}

function readPartition(from: ResponseReader): PartitionFacts {
  // A partition without a leader is told by leader -1; its error code says no more.
  from.int16()
  return { partition: from.int32(), leader: from.int32(), leaderEpoch: from.int32() }
}

const entry = (error: number, facts: TopicFacts): [string, TopicFacts | { readonly error: number }] => [
  facts.name,
  error === 0 ? facts : { error },
]
