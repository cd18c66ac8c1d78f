import { nameOf, type TopicPartition } from '../domain/stream/line-batch.ts'
import type { Millis } from '../domain/time.ts'
import { refuse } from './broker-error.ts'
import type { KafkaCluster } from './cluster.ts'
import { listOffsets } from './protocol/list-offsets.ts'
import type { Topics } from './topics.ts'

/**
 * Offset per partition (`topic/partition`) of the first record at or after `at` (ms since the epoch, EARLIEST or
 * LATEST); -1 where no record is that young. `stable`: not past the first open transaction. Rejects with BrokerError, and as KafkaCluster.send.
 */
export async function offsetsAt(
  cluster: Pick<KafkaCluster, 'send'>,
  topics: Topics,
  partitions: readonly TopicPartition[],
  at: Millis,
  stable = false,
): Promise<ReadonlyMap<string, number>> {
  const led = partitions.map((partition) => {
    const leader = topics.leaderOf(partition)
    if (!leader) throw topics.leaderProblem(partition.topic)
    return { topic: partition.topic, ...leader }
  })
  const answers = await Promise.all(
    [...Map.groupBy(led, ({ leader }) => leader)].map(([node, list]) =>
      cluster.send(node, listOffsets(list, at, stable)),
    ),
  )
  const offsets = new Map<string, number>()
  for (const each of answers.flat()) {
    refuse(each.error)
    offsets.set(nameOf(each), each.offset)
  }
  return offsets
}
