import { permittedFrom, type Permitted } from './permissions.ts'
import type { KafkaRequest } from './request.ts'
import type { RequestWriter } from './request-writer.ts'
import type { ResponseReader } from './response-reader.ts'

/** A broker as it names itself. */
export interface BrokerAddress {
  readonly node: number
  readonly host: string
  readonly port: number
}

/** Who leads a partition. */
export interface PartitionFacts {
  readonly partition: number
  /** Node of the leader; -1 while there is none. */
  readonly leader: number
  /** -1: not known. */
  readonly leaderEpoch: number
}

/** A topic that is there. */
export interface TopicFacts {
  readonly name: string
  /** Changes when the topic is deleted and made again; null where the broker is too old to say. */
  readonly id: string | null
  readonly partitions: readonly PartitionFacts[]
  /** What this login may do with it; left out where nobody asked. */
  readonly permitted?: Permitted
}

/** Of a topic that cannot be had only the broker's error code. */
export type TopicAnswer = TopicFacts | { readonly error: number }

/** The answer: brokers, and the topics that were asked for. */
export interface ClusterFacts {
  readonly brokers: readonly BrokerAddress[]
  /** Node that makes topics; -1 while there is none. */
  readonly controller: number
  /** Each topic that was asked for. */
  readonly topics: ReadonlyMap<string, TopicAnswer>
}

const NO_ID = '0'.repeat(32)

/**
 * Never makes a topic. Version 10 has topic ids and, where they are asked for, permissions; 7, the oldest with leader
 * epochs, is for brokers before Kafka 2.8.
 */
export function metadata(
  topics: readonly string[],
  maxVersion: number,
  permissions = false,
): KafkaRequest<ClusterFacts> {
  const flexible = maxVersion >= 10
  return {
    apiKey: 3,
    apiVersion: flexible ? 10 : 7,
    apiName: 'Metadata',
    flexible,
    encode: (to) =>
      flexible ? encodeFlexible(to, topics, permissions) : to.array(topics, (name) => to.string(name)).boolean(false),
    decode: (from) => (flexible ? decodeFlexible(from, permissions) : decodePlain(from)),
  }
}

function encodeFlexible(to: RequestWriter, topics: readonly string[], permissions: boolean): void {
  to.compactArray(topics, (name) => to.raw(new Uint8Array(16)).compactString(name).noTags())
  to.boolean(false).boolean(false).boolean(permissions).noTags()
}

function decodeFlexible(from: ResponseReader, permissions: boolean): ClusterFacts {
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
    const permitted = permittedFrom(from)
    from.skipTags()
    return entry(error, { name, id: id === NO_ID ? null : id, partitions, ...(permissions && { permitted }) })
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

const entry = (error: number, facts: TopicFacts): [string, TopicAnswer] => [facts.name, error === 0 ? facts : { error }]
