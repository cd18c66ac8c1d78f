import type { TopicPartition } from '../../domain/stream/line-batch.ts'
import { readPartitions, writePartitions } from './assignment.ts'
import { RequestWriter } from './request-writer.ts'
import { ResponseReader } from './response-reader.ts'

/** What a member tells the leader when it joins. */
export interface Subscription {
  readonly topics: readonly string[]
  readonly owned: readonly TopicPartition[]
  /** The generation that gave it what it owns; -1 for none. */
  readonly generation: number
  /**
   * Partition counts of its topics, as the member sees them: the leader may be of another workspace, whose user cannot
   * see these topics. Empty where the member is no agent.
   */
  readonly counts: ReadonlyMap<string, number>
}

/** Java's members write the same: owned partitions since version 1, the generation since 2, the rack (we have none) since 3. */
const VERSION = 3
const NO_RACK = -1
const NO_USER_DATA = Buffer.alloc(0)
const WHAT = 'a subscription'
/** Follows the generation in the user data. Java and franz-go read version 3's own fields, and nothing behind them. */
const COUNTS = Buffer.from('pidpiper')

/** The metadata of a JoinGroup. */
export function encodeSubscription({ topics, owned, generation, counts }: Subscription): Buffer {
  const byTopic = new Map<string, number[]>()
  for (const { topic, partition } of owned) {
    const list = byTopic.get(topic)
    if (list) list.push(partition)
    else byTopic.set(topic, [partition])
  }
  // Java's older members look for the generation in the user data (CooperativeStickyAssignor.subscriptionUserData).
  const userData = new RequestWriter().int32(generation).raw(COUNTS)
  userData.array([...counts], ([name, count]) => userData.string(name).int32(count))
  const to = new RequestWriter().int16(VERSION)
  to.array(topics, (name) => to.string(name))
  writePartitions(to.bytes(Buffer.concat(userData.pieces())), byTopic)
  return Buffer.concat(to.int32(generation).int16(NO_RACK).pieces())
}

/** Of any version, by any client. Throws AgentError FAILED when the bytes make no sense. */
export function decodeSubscription(encoded: Uint8Array): Subscription {
  const from = new ResponseReader(encoded, WHAT)
  const version = from.int16()
  const topics = from.array(() => from.string())
  const userData = from.bytes() ?? NO_USER_DATA
  // kafkajs lets an assigner claim a version and has none of its fields.
  const owned = version >= 1 && from.left > 0 ? readPartitions(from) : []
  const generation = version >= 2 && from.left > 0 ? from.int32() : -1
  return {
    topics,
    owned,
    generation: generation < 0 && owned.length > 0 ? generationOf(userData) : generation,
    counts: countsOf(userData),
  }
}

/** Java has it there alone, librdkafka (as Java's StickyAssignor) at the end. */
function generationOf(userData: Buffer): number {
  if (userData.length < 4) return -1
  return userData.readInt32BE(isOurs(userData) ? 0 : userData.length - 4)
}

function countsOf(userData: Buffer): Map<string, number> {
  if (!isOurs(userData)) return new Map()
  const from = new ResponseReader(userData.subarray(4 + COUNTS.length), WHAT)
  return new Map(from.array(() => [from.string(), from.int32()] as const))
}

const isOurs = (userData: Buffer): boolean => userData.subarray(4, 4 + COUNTS.length).equals(COUNTS)
