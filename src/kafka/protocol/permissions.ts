import type { KafkaRequest } from './request.ts'
import type { ResponseReader } from './response-reader.ts'

/** Operations of Kafka's access control, by their numbers in the protocol (Java: AclOperation). */
const operations = { READ: 3, WRITE: 4, CREATE: 5, DESCRIBE: 8 } as const
export type Operation = keyof typeof operations

/** A set of operations, a bit each; null: the broker did not say. */
export type Permitted = number | null

const NOT_TOLD = -(2 ** 31)

/** The set of operations that is next in an answer. */
export const permittedFrom = (from: ResponseReader): Permitted => {
  const bits = from.int32()
  return bits === NOT_TOLD ? null : bits
}

/** True also where the broker did not say. */
export const may = (permitted: Permitted, operation: Operation): boolean =>
  permitted === null || (permitted & (1 << operations[operation])) !== 0

export interface TopicPermissions {
  readonly name: string
  readonly error: number
  readonly partitions: number
  /** Partitions that have no leader now. */
  readonly leaderless: readonly number[]
  readonly permitted: Permitted
}

/** The oldest version of Metadata in which the request below is written (Kafka 2.8). */
export const PERMISSIONS_SINCE = 10

/** What this login may do with topics, which it never makes. */
export const topicPermissions = (topics: readonly string[]): KafkaRequest<readonly TopicPermissions[]> => ({
  apiKey: 3,
  apiVersion: PERMISSIONS_SINCE,
  apiName: 'Metadata',
  flexible: true,
  encode: (to) => {
    to.compactArray(topics, (name) => to.raw(new Uint8Array(16)).compactString(name).noTags())
    to.boolean(false).boolean(false).boolean(true).noTags()
  },
  decode: (from) => {
    from.int32()
    from.compactArray(() => {
      from.int32()
      from.compactString()
      from.int32()
      from.compactNullableString()
      from.skipTags()
    })
    from.compactNullableString()
    from.int32()
    return from.compactArray(() => readTopic(from))
  },
})

function readTopic(from: ResponseReader): TopicPermissions {
  const error = from.int16()
  const name = from.compactString()
  from.uuid()
  from.boolean()
  const partitions = from.compactArray(() => {
    from.int16()
    const facts = { partition: from.int32(), leader: from.int32() }
    from.int32()
    for (let lists = 0; lists < 3; lists++) from.compactArray(() => from.int32())
    from.skipTags()
    return facts
  })
  const permitted = permittedFrom(from)
  from.skipTags()
  const leaderless = partitions.filter(({ leader }) => leader < 0).map(({ partition }) => partition)
  return { name, error, partitions: partitions.length, leaderless, permitted }
}
