import { refuse } from '../broker-error.ts'
import type { KafkaCluster } from '../cluster.ts'
import { initProducerId, type ProducerIdentity } from '../protocol/init-producer-id.ts'

/**
 * Who the producer is towards the brokers: one id and epoch at a time, for all partitions that begin a sequence. A
 * partition that is under way keeps the identity under which its sequence began.
 */
export class ProducerIdentities {
  readonly #cluster: KafkaCluster
  #current: Promise<ProducerIdentity> | null = null

  constructor(cluster: KafkaCluster) {
    this.#cluster = cluster
  }

  /** Rejects as KafkaCluster.send, or with BrokerError; the next call tries again. */
  current(): Promise<ProducerIdentity> {
    return (this.#current ??= this.#fresh())
  }

  /** `spent` is of no use any more: whoever begins a sequence from now on has another. */
  renew(spent: ProducerIdentity): void {
    const asked = this.#current
    void asked?.then((identity) => {
      if (identity === spent && this.#current === asked) this.#current = null
    })
  }

  async #fresh(): Promise<ProducerIdentity> {
    try {
      const { error, id, epoch } = await this.#cluster.sendToAny(initProducerId(null))
      refuse(error)
      return { id, epoch }
    } catch (error) {
      this.#current = null
      throw error
    }
  }
}
