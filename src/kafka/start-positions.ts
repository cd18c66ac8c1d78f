import type { TopicPartition } from '../domain/stream/line-batch.ts'
import type { Millis } from '../domain/time.ts'
import type { AdminConnection } from './admin.ts'

/** Where a consumer group without a committed offset begins; a number is an instant in ms since the epoch. */
export type InputFrom = 'earliest' | 'latest' | Millis

export interface Start extends TopicPartition {
  readonly offset: number
  /** Offset of the next record to be written. */
  readonly highWatermark: number
  /** False when the consumer group has no usable offset for it yet. */
  readonly committed: boolean
  /** For the log. */
  readonly reason: string
}

/**
 * The offset at which each partition begins: the committed one, moved forward if those records are deleted by now, or
 * what `from` says. Rejects with kafkajs's error.
 */
export async function startPositions(
  admin: AdminConnection,
  groupId: string,
  partitions: readonly TopicPartition[],
  from: InputFrom,
): Promise<Start[]> {
  const topics = [...new Set(partitions.map(({ topic }) => topic))]
  if (topics.length === 0) return []
  const committed = index(await admin.ask((client) => client.fetchOffsets({ groupId, topics })))
  const low = new Map<string, number>()
  const high = new Map<string, number>()
  const byTime = new Map<string, number>()
  for (const topic of topics) {
    for (const each of await admin.ask((client) => client.fetchTopicOffsets(topic))) {
      low.set(`${topic}/${each.partition}`, Number(each.low))
      high.set(`${topic}/${each.partition}`, Number(each.high))
    }
    if (typeof from !== 'number') continue
    for (const each of await admin.ask((client) => client.fetchTopicOffsetsByTimestamp(topic, from))) {
      byTime.set(`${topic}/${each.partition}`, Number(each.offset))
    }
  }
  return partitions.map(({ topic, partition }) => {
    const name = `${topic}/${partition}`
    const lowest = low.get(name) ?? 0
    const highest = high.get(name) ?? 0
    const begin = { earliest: lowest, latest: highest, time: byTime.get(name) ?? highest }
    const rule = typeof from === 'number' ? 'time' : from
    const at = committed.get(name) ?? -1
    const start = { topic, partition, highWatermark: highest }
    if (at < 0) return { ...start, offset: begin[rule], committed: false, reason: `no committed offset: ${rule}` }
    if (at < lowest) {
      return { ...start, offset: lowest, committed: false, reason: `records ${at} to ${lowest - 1} are deleted` }
    }
    if (at > highest) {
      return {
        ...start,
        offset: begin[rule],
        committed: false,
        reason: `committed offset ${at} is past the end: ${rule}`,
      }
    }
    return { ...start, offset: at, committed: true, reason: 'committed offset' }
  })
}

const index = (topics: { topic: string; partitions: { partition: number; offset: string }[] }[]): Map<string, number> =>
  new Map(
    topics.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, offset }) => [`${topic}/${partition}`, Number(offset)]),
    ),
  )
