import type { BrokerConnection } from '../connection.ts'
import type { KafkaCluster } from '../cluster.ts'
import { asError } from '../errors.ts'
import type { ProducerIdentity } from '../protocol/init-producer-id.ts'
import { produce } from '../protocol/produce.ts'
import type { PartitionQueue, Sent } from './partition-queue.ts'
import type { RecordEncoder } from './record-encoder.ts'

export interface SenderHooks {
  readonly node: number
  readonly cluster: KafkaCluster
  readonly encode: RecordEncoder
  /** null: records hold as soon as they are stored. */
  readonly transactionalId: string | null
  /** Under whom these queues may send now. */
  identity(queues: readonly PartitionQueue[]): Promise<ProducerIdentity>
  /** Queues of this leader that have something to send now. */
  due(): readonly PartitionQueue[]
  /** `error`: the broker's code, 0 for stored. */
  answered(queue: PartitionQueue, sent: Sent, error: number, detail: string | null): void
  /** Nothing was sent, or what was sent has an unknown fate; its batches are marked as failed. */
  failed(queue: PartitionQueue, error: unknown): void
}

/** A broker handles a connection's requests one after the other: more would only wait there. */
const REQUESTS = 5
/** Record bytes after which a request takes no further partition. */
const REQUEST_BYTES = 1024 * 1024

interface Ready {
  readonly queue: PartitionQueue
  readonly sent: Sent
}

/** Requests to one leader: what its partitions have to send goes together, one batch of each. */
export class LeaderSender {
  readonly #hooks: SenderHooks
  #requests = 0
  #running = false
  #waiting: (() => void)[] = []
  #turn = 0

  constructor(hooks: SenderHooks) {
    this.#hooks = hooks
  }

  /** There may be something to send. */
  wake(): void {
    if (!this.#running) void this.#run()
  }

  /** Resolves when no request is made or under way. */
  async rested(): Promise<void> {
    while (this.#requests > 0 || this.#running) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  async #run(): Promise<void> {
    this.#running = true
    try {
      while (this.#requests < REQUESTS) {
        const queues = this.#hooks.due()
        if (queues.length === 0) return
        const opened = await this.#open(queues)
        if (!opened) return
        // Not those that became due meanwhile: the identity was not asked for them.
        const ready = await this.#collect(this.#inTurn(queues), opened.identity)
        if (ready.length > 0) this.#post(opened.connection, ready)
      }
    } finally {
      this.#running = false
      this.#rest()
    }
  }

  #rest(): void {
    for (const wake of this.#waiting.splice(0)) wake()
  }

  async #open(
    queues: readonly PartitionQueue[],
  ): Promise<{ readonly identity: ProducerIdentity; readonly connection: BrokerConnection } | null> {
    const { cluster, node } = this.#hooks
    try {
      const connection = await cluster.connect(node)
      return { connection, identity: await this.#hooks.identity(queues) }
    } catch (error) {
      // Also those that became due meanwhile: who woke us for them was not heard, and nobody will say it again.
      for (const queue of new Set([...queues, ...this.#hooks.due()])) this.#hooks.failed(queue, error)
      return null
    }
  }

  #inTurn(queues: readonly PartitionQueue[]): PartitionQueue[] {
    const first = this.#turn++ % Math.max(1, queues.length)
    return [...queues.slice(first), ...queues.slice(0, first)]
  }

  async #collect(queues: readonly PartitionQueue[], identity: ProducerIdentity): Promise<Ready[]> {
    const ready: Ready[] = []
    let bytes = 0
    for (const queue of queues) {
      if (bytes >= REQUEST_BYTES) break
      if (!queue.due) continue
      const sent = queue.nextToSend() ?? (await this.#make(queue, identity))
      if (!sent) continue
      sent.state = 'on-wire'
      bytes += sent.records.length
      ready.push({ queue, sent })
    }
    return ready
  }

  /** A partition that has batches in flight goes on under the identity that they have. */
  async #make(queue: PartitionQueue, newest: ProducerIdentity): Promise<Sent | null> {
    const identity = queue.head === undefined ? newest : (queue.identity ?? newest)
    if (!queue.accepts(identity)) return null
    const parts = (queue.taking = queue.take())
    const count = parts.reduce((sum, { from, to }) => sum + to - from, 0)
    let sent: Sent | null = null
    try {
      sent = queue.add(parts, count, await this.#hooks.encode(parts, identity, queue.sequence(identity)))
    } catch (error) {
      for (const { write } of parts) write.reject(asError(error))
      if (queue.taking === parts) queue.taking = null
    }
    if (!queue.stalled) return sent
    // What failed meanwhile waited for this batch alone.
    if (sent) sent.state = 'failed'
    this.#hooks.failed(queue, null)
    return null
  }

  #post(connection: BrokerConnection, ready: readonly Ready[]): void {
    this.#requests++
    const batches = ready.map(({ queue: { topic, partition }, sent: { records } }) => ({ topic, partition, records }))
    void connection
      .send(produce(batches, this.#hooks.transactionalId, connection.versions))
      .then(
        ({ partitions }) => {
          for (const { queue, sent } of ready) {
            const answer = partitions.find((each) => each.topic === queue.topic && each.partition === queue.partition)
            this.#hooks.answered(queue, sent, answer?.error ?? UNKNOWN, answer?.detail ?? null)
          }
        },
        (error: unknown) => {
          // All are marked before the first is told of: whoever looks for a cure must not take one for under way.
          for (const { sent } of ready) Object.assign(sent, { state: 'failed', error })
          for (const { queue } of ready) this.#hooks.failed(queue, error)
        },
      )
      .finally(() => {
        this.#requests--
        this.#rest()
        this.wake()
      })
  }
}

/** The broker said nothing about this partition: UNKNOWN_SERVER_ERROR. */
const UNKNOWN = -1
