import { BrokerError, LEADER_NOT_AVAILABLE } from './broker-error.ts'
import type { KafkaCluster } from './cluster.ts'
import type { PartitionFacts, TopicFacts } from './protocol/metadata.ts'
import type { TopicPartition } from '../domain/stream/line-batch.ts'

/** What is known of some topics. A look at them all is one request, also when several ask for it at once. */
export class Topics {
  readonly #cluster: Pick<KafkaCluster, 'metadata'>
  readonly #names: ReadonlySet<string>
  #facts: ReadonlyMap<string, TopicFacts | { readonly error: number }> = new Map()
  #looking: Promise<void> | null = null

  constructor(cluster: Pick<KafkaCluster, 'metadata'>, names: Iterable<string>) {
    this.#cluster = cluster
    this.#names = new Set(names)
  }

  /** Null: it does not exist, or is hidden from this user, or was never looked for. */
  find(topic: string): TopicFacts | null {
    const facts = this.#facts.get(topic)
    return facts && 'partitions' in facts ? facts : null
  }

  /** Null also while the partition has no leader. */
  leaderOf({ topic, partition }: TopicPartition): PartitionFacts | null {
    const found = this.find(topic)?.partitions.find((each) => each.partition === partition)
    return found && found.leader >= 0 ? found : null
  }

  /** Why a topic cannot be had; null when it can. */
  problemOf(topic: string): BrokerError | null {
    const facts = this.#facts.get(topic)
    return facts && 'error' in facts ? new BrokerError(facts.error) : null
  }

  /** Why `leaderOf` found none: the topic's own problem, or that the partition has no leader now. */
  leaderProblem(topic: string): BrokerError {
    return this.problemOf(topic) ?? new BrokerError(LEADER_NOT_AVAILABLE)
  }

  /** Looks again. Rejects as KafkaCluster.sendToAny; what was known stays then. */
  refresh(): Promise<void> {
    return (this.#looking ??= this.#look().finally(() => {
      this.#looking = null
    }))
  }

  async #look(): Promise<void> {
    this.#facts = (await this.#cluster.metadata([...this.#names])).topics
  }
}
