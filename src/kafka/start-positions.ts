import { nameOf, type TopicPartition } from '../domain/stream/line-batch.ts'
import type { StreamSettings } from '../domain/stream/settings.ts'
import type { KafkaCluster } from './cluster.ts'
import { offsetsAt } from './offset-lookup.ts'
import { EARLIEST, LATEST } from './protocol/list-offsets.ts'
import type { Topics } from './topics.ts'

/** Where a consumer group without a committed offset begins; a number is an instant in ms since the epoch. */
export type InputFrom = StreamSettings['inputFrom']

/** Where one partition begins. */
export interface Start extends TopicPartition {
  readonly offset: number
  /** Offset of the next record to be written. */
  readonly highWatermark: number
  /** False when the wanted offset is none, or of no use. */
  readonly asWanted: boolean
  /** For the log. */
  readonly reason: string
}

/**
 * `offset`: where it was to begin, such as the committed offset; -1 for nowhere in particular. `added`: the partition
 * did not exist when reading began, so that its first record is later than that.
 */
export type Wanted = TopicPartition & { readonly offset: number; readonly added?: boolean }

/**
 * The offset at which each partition begins: the wanted one; the first that is kept, where it is deleted by now; what
 * `from` says, where there is none or it lies past the end. Rejects as `offsetsAt`.
 */
export async function startPositions(
  cluster: Pick<KafkaCluster, 'send'>,
  topics: Topics,
  wanted: readonly Wanted[],
  from: InputFrom,
): Promise<Start[]> {
  const [low, high, stable, byTime] = await Promise.all([
    offsetsAt(cluster, topics, wanted, EARLIEST),
    offsetsAt(cluster, topics, wanted, LATEST),
    offsetsAt(cluster, topics, wanted, LATEST, true),
    typeof from === 'number' ? offsetsAt(cluster, topics, wanted, from) : null,
  ])
  return wanted.map(({ topic, partition, offset, added = false }) => {
    const name = nameOf({ topic, partition })
    const lowest = low.get(name) ?? 0
    const highest = high.get(name) ?? 0
    const young = byTime?.get(name) ?? -1
    const end = stable.get(name) ?? highest
    const begin = { earliest: lowest, latest: end, time: young < 0 ? end : young }
    const rule = typeof from === 'number' ? 'time' : from
    const start = { topic, partition, highWatermark: highest, asWanted: false }
    if (offset < 0 && added && from === 'latest')
      return { ...start, offset: lowest, reason: 'a new partition: earliest' }
    if (offset < 0) return { ...start, offset: begin[rule], reason: `no committed offset: ${rule}` }
    if (offset < lowest) return { ...start, offset: lowest, reason: `records ${offset} to ${lowest - 1} are deleted` }
    if (offset > highest) {
      const reason = `offset ${offset} is past the end, which is ${highest}: ${rule}`
      return { ...start, offset: begin[rule], reason }
    }
    return { ...start, offset, asWanted: true, reason: 'committed offset' }
  })
}
