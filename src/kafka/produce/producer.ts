// Writes to a topic with at most five batches in flight per partition, each once and in order, whatever breaks in
// between. It never gives up: a write ends with every record stored, or refused for its size alone.
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
import { Lane, partOf, type Part, type Sent } from './lane.ts'
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

export class Producer {
  readonly topics: Topics
  readonly problem: Problem
  readonly #settings: ProducerSettings
  readonly #identities: ProducerIdentities
  readonly #recovery: Recovery
  readonly #lanes = new Map<string, Lane>()
  readonly #senders = new Map<number, LeaderSender>()
  readonly #closing = new AbortController()
  /** Lanes that failed, have stored nothing since, and have something to store. */
  readonly #troubled = new Set<Lane>()
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
        const lane = this.#lane(to)
        for (const part of parts) lane.push(part)
        this.#send(lane)
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
      const lane = this.#lane(to)
      lane.push(partOf({ batch, refusals: [], left: batch.count, resolve, reject }, 0, batch.count))
      this.#send(lane)
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
    this.#lanes.clear()
    this.#troubled.clear()
    this.problem.clear()
    await Promise.all([...this.#senders.values()].map((sender) => sender.rested()))
  }

  #reject(reason: (topic: string) => AgentError): void {
    for (const lane of this.#lanes.values()) {
      for (const { write } of lane.clear()) write.reject(reason(lane.topic))
    }
  }

  /** False for one whose records were given up. */
  #isCurrent(lane: Lane): boolean {
    return !this.signal.aborted && this.#lanes.get(nameOf(lane)) === lane
  }

  #lane({ topic, partition }: TopicPartition): Lane {
    const name = nameOf({ topic, partition })
    const lane = this.#lanes.get(name) ?? new Lane({ topic, partition })
    this.#lanes.set(name, lane)
    return lane
  }

  #send(lane: Lane): void {
    if (!lane.due || this.signal.aborted) return
    const leader = this.topics.leaderOf(lane)
    if (leader) this.#sender(leader.leader).wake()
    else void this.#failed(lane, this.topics.leaderProblem(lane.topic))
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
      identity: (lanes) => transaction?.admit(lanes) ?? this.#identities.current(),
      due: () => this.#due(node),
      answered: (lane, sent, error, detail) => this.#answered(lane, sent, error, detail),
      failed: (lane, error) => void this.#failed(lane, error),
    })
    this.#senders.set(node, sender)
    return sender
  }

  #due(node: number): Lane[] {
    if (this.signal.aborted) return []
    return [...this.#lanes.values()].filter((lane) => lane.due && this.topics.leaderOf(lane)?.leader === node)
  }

  #answered(lane: Lane, sent: Sent, error: number, detail: string | null): void {
    if (!this.#isCurrent(lane)) return
    if (!isStored(error)) {
      sent.state = 'failed'
      sent.error = new BrokerError(error, detail)
      void this.#failed(lane, sent.error)
      return
    }
    this.#lastAckAt = this.#settings.clock.now()
    // Sent more than once, an earlier connection may still hold its bytes.
    if (sent.error === null) this.#settings.cluster.pool.give(sent.records)
    for (const each of lane.stored(sent)) settle(each)
    this.#recovered(lane)
    if (lane.stalled) void this.#failed(lane, null)
    else this.#send(lane)
  }

  /** Called for each failure of a lane: the last one, when nothing of it is on the wire any more, looks for the cure. */
  async #failed(lane: Lane, error: unknown): Promise<void> {
    if (!this.#isCurrent(lane)) return
    lane.stalled = true
    this.#troubled.add(lane)
    if (lane.onWire || lane.curing) return
    lane.curing = true
    await this.#recovery.cure(lane, lane.head?.error ?? error)
    lane.curing = false
    if (!this.#isCurrent(lane)) return
    // Its records went to another partition, or were refused: it has nothing left that could be stored.
    if (lane.idle) this.#recovered(lane)
    else this.#send(lane)
  }

  #recovered(lane: Lane): void {
    this.#troubled.delete(lane)
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
