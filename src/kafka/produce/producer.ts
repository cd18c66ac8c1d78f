import { AgentError } from '../../domain/errors.ts'
import { nameOf, type TopicPartition } from '../../domain/stream/line-batch.ts'
import type { Refusal, ValueBatch } from '../../domain/stream/value-batch.ts'
import type { Millis } from '../../domain/time.ts'
import type { Clock, SinkHealth } from '../../engine/ports.ts'
import { BrokerError } from '../broker-error.ts'
import type { KafkaCluster } from '../cluster.ts'
import type { KafkaLog } from '../log.ts'
import { Problem } from '../problem.ts'
import { Topics } from '../topics.ts'
import { ProducerIdentities } from './identities.ts'
import { PartitionQueue, partOf, type Part, type Sent } from './partition-queue.ts'
import { LeaderSender } from './leader-sender.ts'
import type { RecordEncoder } from './record-encoder.ts'
import { Recovery } from './recovery.ts'
import { isStored } from './verdict.ts'
import type { WritingTransaction } from './writing-transaction.ts'

export interface ProducerSettings {
  /** Its connections are the producer's alone, and end with it. */
  readonly cluster: KafkaCluster
  readonly topic: string
  readonly encode: RecordEncoder
  /** A fresh look at the topic, where something could not be written; by default no more than that. Rejects as Topics.refresh. */
  readonly look?: () => Promise<void>
  readonly clock: Clock
  readonly log: KafkaLog
  /** Absent: records hold as soon as they are stored. */
  readonly transaction?: WritingTransaction | null
}

/**
 * Writes to a topic with at most five batches in flight per partition, each once and in order, whatever breaks in
 * between. It never gives up: a write ends with every record stored, or refused for its size alone.
 */
export class Producer {
  readonly topics: Topics
  readonly problem: Problem
  readonly #settings: ProducerSettings
  readonly #identities: ProducerIdentities
  readonly #recovery: Recovery
  readonly #queues = new Map<string, PartitionQueue>()
  readonly #senders = new Map<number, LeaderSender>()
  readonly #closing = new AbortController()
  /** Queues that failed, have stored nothing since, and have something to store. */
  readonly #troubled = new Set<PartitionQueue>()
  readonly #leave: () => void
  #lastAckAt: Millis | null = null

  constructor(settings: ProducerSettings) {
    const { cluster, clock, log } = settings
    this.#settings = settings
    this.topics = new Topics(cluster, [settings.topic])
    this.problem = new Problem(clock, log, 'kafka.sink')
    this.#identities = new ProducerIdentities(cluster)
    const transaction = settings.transaction ?? null
    this.#leave = transaction?.join(() => this.#discard()) ?? ((): void => undefined)
    this.#recovery = new Recovery({
      topics: this.topics,
      look: settings.look ?? (() => this.topics.refresh()),
      transaction,
      identities: this.#identities,
      problem: this.problem,
      clock,
      log,
      signal: this.signal,
      stored: settle,
      refused: (part, reason) => {
        part.write.refusals.push({ index: part.from, reason })
        settlePart(part)
      },
      moved: (parts, to) => {
        const queue = this.#queue(to)
        for (const part of parts) queue.push(part)
        this.#send(queue)
      },
    })
  }

  /** Aborted when it is closed. */
  get signal(): AbortSignal {
    return this.#closing.signal
  }

  /**
   * Appends to the partition, after everything that was written to it before. Resolves, when all in-sync replicas have
   * the batch, with the values that the broker refuses for their size even alone. Rejects with AgentError
   * SHUTDOWN_STATE when the producer is closed before, with FAILED when the transaction is given up.
   */
  write(to: TopicPartition, batch: ValueBatch): Promise<readonly Refusal[]> {
    if (this.signal.aborted) return Promise.reject(closedTooEarly(to.topic))
    if (batch.count === 0) return Promise.resolve([])
    return new Promise((resolve, reject) => {
      const queue = this.#queue(to)
      queue.push(partOf({ batch, refusals: [], left: batch.count, resolve, reject }, 0, batch.count))
      this.#send(queue)
    })
  }

  health(): SinkHealth {
    return { lastAckAt: this.#lastAckAt, error: this.problem.text }
  }

  close(): void {
    this.#closing.abort()
    this.#leave()
    this.#reject((topic) => closedTooEarly(topic))
    this.#settings.cluster.close()
  }

  /** Nothing that was written since the last commit will ever be read: what of it is on the wire is ignored. */
  async #discard(): Promise<void> {
    this.#reject((topic) => new AgentError('FAILED', `gave up what was written to topic ${topic}`))
    this.#queues.clear()
    this.#troubled.clear()
    this.problem.clear()
    await Promise.all([...this.#senders.values()].map((sender) => sender.rested()))
  }

  #reject(reason: (topic: string) => AgentError): void {
    for (const queue of this.#queues.values()) {
      for (const { write } of queue.clear()) write.reject(reason(queue.topic))
    }
  }

  /** False for one whose records were given up. */
  #isCurrent(queue: PartitionQueue): boolean {
    return !this.signal.aborted && this.#queues.get(nameOf(queue)) === queue
  }

  #queue({ topic, partition }: TopicPartition): PartitionQueue {
    const name = nameOf({ topic, partition })
    const queue = this.#queues.get(name) ?? new PartitionQueue({ topic, partition })
    this.#queues.set(name, queue)
    return queue
  }

  #send(queue: PartitionQueue): void {
    if (!queue.due || this.signal.aborted) return
    const leader = this.topics.leaderOf(queue)
    if (leader) this.#sender(leader.leader).wake()
    else void this.#failed(queue, this.topics.leaderProblem(queue.topic))
  }

  #sender(node: number): LeaderSender {
    const known = this.#senders.get(node)
    if (known) return known
    const { cluster, encode, transaction } = this.#settings
    const sender = new LeaderSender({
      node,
      cluster,
      encode,
      transactionalId: transaction?.transactionalId ?? null,
      identity: (queues) => transaction?.admit(queues) ?? this.#identities.current(),
      due: () => this.#due(node),
      answered: (queue, sent, error, detail) => this.#answered(queue, sent, error, detail),
      failed: (queue, error) => void this.#failed(queue, error),
    })
    this.#senders.set(node, sender)
    return sender
  }

  #due(node: number): PartitionQueue[] {
    if (this.signal.aborted) return []
    return [...this.#queues.values()].filter((queue) => queue.due && this.topics.leaderOf(queue)?.leader === node)
  }

  #answered(queue: PartitionQueue, sent: Sent, error: number, detail: string | null): void {
    if (!this.#isCurrent(queue)) return
    if (!isStored(error)) {
      sent.state = 'failed'
      sent.error = new BrokerError(error, detail)
      void this.#failed(queue, sent.error)
      return
    }
    this.#lastAckAt = this.#settings.clock.now()
    // Sent more than once, an earlier connection may still hold its bytes.
    if (sent.error === null) this.#settings.cluster.pool.give(sent.records)
    for (const each of queue.stored(sent)) settle(each)
    this.#recovered(queue)
    if (queue.stalled) void this.#failed(queue, null)
    else this.#send(queue)
  }

  /** Called for each failure of a queue: the last one, when nothing of it is on the wire any more, looks for the cure. */
  async #failed(queue: PartitionQueue, error: unknown): Promise<void> {
    if (!this.#isCurrent(queue)) return
    queue.stalled = true
    this.#troubled.add(queue)
    if (queue.onWire || queue.curing) return
    queue.curing = true
    await this.#recovery.cure(queue, queue.head?.error ?? error)
    queue.curing = false
    if (!this.#isCurrent(queue)) return
    // Its records went to another partition, or were refused: it has nothing left that could be stored.
    if (queue.idle) this.#recovered(queue)
    else this.#send(queue)
  }

  #recovered(queue: PartitionQueue): void {
    this.#troubled.delete(queue)
    if (this.#troubled.size === 0) this.problem.clear()
  }
}

const closedTooEarly = (topic: string): AgentError =>
  new AgentError('SHUTDOWN_STATE', `closed before all records were written to topic ${topic}`)

function settle({ parts }: Sent): void {
  for (const part of parts) settlePart(part)
}

function settlePart({ write, from, to }: Part): void {
  write.left -= to - from
  if (write.left === 0) write.resolve(write.refusals.sort((a, b) => a.index - b.index))
}
