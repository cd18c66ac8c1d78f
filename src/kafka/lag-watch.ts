// Where the partitions end that are not being fetched: with the answers of fetches alone their lag would stand still while
// their records wait for the Calculator.
import { nameOf } from '../domain/stream/line-batch.ts'
import type { Millis } from '../domain/time.ts'
import type { Clock } from '../engine/ports.ts'
import { wait } from '../engine/waiting.ts'
import type { KafkaCluster } from './cluster.ts'
import { explain } from './errors.ts'
import type { OwnedPartition } from './fetch/owned-partition.ts'
import type { KafkaLog } from './log.ts'
import { offsetsAt } from './offset-lookup.ts'
import { LATEST } from './protocol/list-offsets.ts'
import type { Topics } from './topics.ts'

export interface LagParts {
  readonly cluster: KafkaCluster
  readonly topics: Topics
  readonly clock: Clock
  readonly log: KafkaLog
  readonly signal: AbortSignal
  readonly owned: () => readonly OwnedPartition[]
}

/** One request to each leader, at most so often. */
const EVERY: Millis = 5_000

/** Looks until `signal` is aborted. What cannot be asked for stays as it was. */
export async function watchLag({ cluster, topics, clock, log, signal, owned }: LagParts): Promise<void> {
  for (;;) {
    await wait(clock, EVERY, signal)
    if (signal.aborted) return
    const resting = owned().filter(({ handedOver, asked, held, leaving }) => {
      return handedOver !== null && !asked && !held && !leaving
    })
    if (resting.length === 0) continue
    try {
      const ends = await offsetsAt(cluster, topics, resting, LATEST)
      for (const each of resting) each.highWatermark = Math.max(each.highWatermark, ends.get(nameOf(each)) ?? 0)
    } catch (error) {
      log('debug', `cannot ask where partitions end: ${explain(error)}`, { event: 'kafka.look' })
    }
  }
}
