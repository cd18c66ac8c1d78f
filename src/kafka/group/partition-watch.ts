import type { Millis } from '../../domain/time.ts'
import type { Clock } from '../../engine/ports.ts'
import { wait } from '../../engine/waiting.ts'
import { explain } from '../errors.ts'
import type { KafkaLog } from '../log.ts'
import type { GroupCluster } from './coordinator.ts'

export interface WatchSettings {
  readonly clock: Clock
  readonly log: KafkaLog
  readonly cluster: GroupCluster
  readonly every: Millis
}

interface Sight {
  /** null: the topic is not there, or hidden from this user. */
  count: number | null
  /** It was not there when last looked for. */
  doubted: boolean
}

/** How many partitions the topics have: the leader assigns by it, and every member joins again when it changes. */
export class PartitionWatch {
  readonly #settings: WatchSettings
  readonly #seen = new Map<string, Sight>()
  /** Topics of the other members, while we are the leader. */
  #theirs: readonly string[] = []

  constructor(settings: WatchSettings) {
    this.#settings = settings
  }

  /** As last seen; without the topics that are not there, or hidden. */
  counts(topics: readonly string[]): Map<string, number> {
    return new Map(
      topics.flatMap((topic) => {
        const count = this.#seen.get(topic)?.count
        return typeof count === 'number' ? [[topic, count] as const] : []
      }),
    )
  }

  /** What the leader has to know besides its own topics; nothing for the others. */
  watchAlso(topics: readonly string[]): void {
    this.#theirs = topics
  }

  /** Asks for the partition counts. True when one that was known has changed. Rejects as KafkaCluster.metadata. */
  async look(topics: readonly string[]): Promise<boolean> {
    const facts = await this.#settings.cluster.metadata(topics)
    return topics
      .map((topic) => {
        const found = facts.topics.get(topic)
        return this.#note(topic, found && 'partitions' in found ? found.partitions.length : null)
      })
      .includes(true)
  }

  /** Looks again and again until `signal`; calls `changed` when a count has. */
  async run(topics: readonly string[], changed: () => void, signal: AbortSignal): Promise<void> {
    const { clock, log, every } = this.#settings
    const stopped = (): boolean => signal.aborted
    for (;;) {
      await wait(clock, every, signal)
      if (stopped()) return
      const watched = new Set([...topics, ...this.#theirs])
      for (const topic of this.#seen.keys()) if (!watched.has(topic)) this.#seen.delete(topic)
      try {
        if (await this.look([...watched])) changed()
      } catch (error) {
        log('debug', `cannot look for new partitions: ${explain(error)}`, { event: 'kafka.partition-watch' })
      }
    }
  }

  #note(topic: string, count: number | null): boolean {
    const sight = this.#seen.get(topic)
    if (sight === undefined) {
      this.#seen.set(topic, { count, doubted: false })
      return false
    }
    // A broker that has just come up may not know a topic yet: its partitions are not taken from anybody for that.
    if (count === null && sight.count !== null && !sight.doubted) {
      sight.doubted = true
      return false
    }
    const changed = count !== sight.count
    this.#seen.set(topic, { count, doubted: false })
    return changed
  }
}
