import { refuse } from '../broker-error.ts'
import type { KafkaCluster } from '../cluster.ts'
import { initProducerId, type ProducerIdentity } from '../protocol/init-producer-id.ts'

/**
 * Who the producer is towards the brokers: one id and epoch at a time, for all partitions that begin a sequence. A
 * partition that is under way keeps the identity under which its sequence began.
 */
export class ProducerIdentities {
  readonly #cluster: KafkaCluster
  #asked: Promise<ProducerIdentity> | null = null
  #current: ProducerIdentity | null = null

  constructor(cluster: KafkaCluster) {
    this.#cluster = cluster
  }

  /** Rejects as KafkaCluster.send, or with BrokerError; the next call tries again. */
  async current(): Promise<ProducerIdentity> {
    return this.#current ?? (this.#asked ??= this.#ask())
  }

  /** `spent` is of no use any more: whoever begins a sequence from now on has another. */
  renew(spent: ProducerIdentity): void {
    if (this.#current === spent) this.#current = null
  }

  async #ask(): Promise<ProducerIdentity> {
    try {
      const { error, id, epoch } = await this.#cluster.sendToAny(initProducerId(null))
      refuse(error)
      return (this.#current = { id, epoch })
    } finally {
      this.#asked = null
    }
  }
}
