// One life of a kafkajs consumer in the group: from connect to crash or leave. It never outlives its `run`.
import type { Consumer, EachBatchPayload, Kafka } from 'kafkajs'
import type { TopicPartition } from '../domain/stream/line-batch.ts'
import type { Millis } from '../domain/time.ts'
import type { Clock, RecordConsumer } from '../engine/ports.ts'
import type { AdminConnection } from './admin.ts'
import { subscriptionAssigner } from './assigner.ts'
import { Assignment, byTopic, type Epochs, type Owned } from './assignment.ts'
import { Commits, type Position } from './commits.ts'
import { closedError, explain, isRebalance } from './errors.ts'
import { beatUntil, handOver, type Heart } from './hand-over.ts'
import { toLineBatch } from './lines.ts'
import type { KafkaLog } from './log.ts'
import { RETRY } from './options.ts'
import { CLOSE_LIMIT, Problem, wait, within } from './problem.ts'
import { startPositions, type InputFrom } from './start-positions.ts'

export interface MembershipSettings {
  readonly kafka: Kafka
  readonly groupId: string
  readonly topics: readonly string[]
  readonly from: InputFrom
  readonly sessionTimeoutMs: Millis
  /** Fetch sizes in bytes: per partition, and per request. */
  readonly maxBytesPerPartition: number
  readonly maxBytes: number
  readonly clock: Clock
  readonly log: KafkaLog
}

/** What the source keeps over all memberships. */
export interface MembershipContext {
  readonly receiver: RecordConsumer
  readonly admin: AdminConnection
  readonly nextEpoch: Epochs
  readonly paused: () => boolean
  /** A fetch was answered, or there is nothing to fetch: whatever was wrong is over. */
  readonly healthy: () => void
}

/** Short, so that closing does not wait for a fetch. */
const FETCH_WAIT: Millis = 200
const REBALANCE_TIMEOUT: Millis = 60_000
const METADATA_MAX_AGE: Millis = 60_000
const CONCURRENT_PARTITIONS = 16

export class Membership {
  readonly assignment = new Assignment()
  joined = false
  lastFetchAt: Millis | null = null
  readonly #settings: MembershipSettings
  readonly #context: MembershipContext
  readonly #consumer: Consumer
  readonly #commits: Commits
  readonly #closing = new AbortController()
  #started: Promise<void> = Promise.resolve()
  #leaving: Promise<void> | null = null
  #crashed: (error: Error) => void = () => undefined
  #heart: Heart
  #fetchAnswered = false

  constructor(settings: MembershipSettings, context: MembershipContext) {
    this.#settings = settings
    this.#context = context
    const every = Math.min(3_000, settings.sessionTimeoutMs / 10)
    this.#heart = { clock: settings.clock, every, beat: () => Promise.resolve() }
    this.#consumer = settings.kafka.consumer({
      groupId: settings.groupId,
      sessionTimeout: settings.sessionTimeoutMs,
      rebalanceTimeout: Math.max(REBALANCE_TIMEOUT, settings.sessionTimeoutMs),
      heartbeatInterval: every,
      maxBytesPerPartition: settings.maxBytesPerPartition,
      maxBytes: settings.maxBytes,
      maxWaitTimeInMs: FETCH_WAIT,
      metadataMaxAge: METADATA_MAX_AGE,
      allowAutoTopicCreation: false,
      retry: { ...RETRY, restartOnFailure: () => Promise.resolve(false) },
      partitionAssigners: [subscriptionAssigner(context.admin, settings.log, () => this.#beforeJoin())],
    })
    this.#commits = new Commits(this.#consumer, settings.groupId, this.assignment)
    this.#listen()
  }

  /** Consumes until `leave` is called; rejects with kafkajs's error when the consumer cannot go on. */
  async run(attempted: () => void): Promise<void> {
    const { promise: crash, reject } = Promise.withResolvers<never>()
    this.#crashed = reject
    crash.catch(() => undefined)
    const { signal } = this.#closing
    try {
      this.#started = this.#start()
      await this.#started
      attempted()
      const left = new Promise<void>((resolve) => {
        if (signal.aborted) resolve()
        else signal.addEventListener('abort', () => resolve())
      })
      await Promise.race([crash, left])
    } finally {
      this.joined = false
      await this.#giveAway()
      await this.leave()
    }
  }

  /** Leaves the group and disconnects; goes on in the background if that takes more than 2 s. */
  leave(): Promise<void> {
    return (this.#leaving ??= this.#leave())
  }

  async #leave(): Promise<void> {
    this.#closing.abort()
    this.assignment.interrupt()
    const left = this.#started
      .catch(() => undefined)
      .then(() => this.#consumer.disconnect())
      .catch((error: unknown) => {
        this.#settings.log('debug', `cannot disconnect: ${explain(error)}`, { event: 'kafka.leave' })
      })
    await within(this.#settings.clock, CLOSE_LIMIT, left)
  }

  rewind(partition: TopicPartition, offset: number, epoch: number): void {
    const owned = this.assignment.find(partition)
    if (!owned) return
    owned.over.abort()
    owned.over = new AbortController()
    owned.epoch = epoch
    owned.position = offset
    const { topic } = owned
    this.#tell((consumer) => consumer.seek({ topic, partition: owned.partition, offset: String(offset) }))
    this.applyPause()
  }

  commit(positions: readonly Position[]): Promise<void> {
    return this.#commits.commit(positions)
  }

  /** Only partitions whose start is known are fetched, and none while the source is paused. */
  applyPause(): void {
    if (!this.joined) return
    const held = ({ position }: Owned): boolean => this.#context.paused() || position === null
    this.#tell((consumer) => {
      consumer.pause(byTopic(this.assignment.list.filter((owned) => held(owned))))
      consumer.resume(byTopic(this.assignment.list.filter((owned) => !held(owned))))
    })
  }

  /** kafkajs throws between a crash and the event that tells it; nothing is fetched then, and nothing needs it. */
  #tell(order: (consumer: Consumer) => void): void {
    try {
      order(this.#consumer)
    } catch (error) {
      this.#settings.log('debug', `the consumer is gone: ${explain(error)}`, { event: 'kafka.consumer-gone' })
    }
  }

  async #start(): Promise<void> {
    const consumer = this.#consumer
    await consumer.connect()
    await consumer.subscribe({ topics: [...this.#settings.topics], fromBeginning: this.#settings.from !== 'latest' })
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      partitionsConsumedConcurrently: CONCURRENT_PARTITIONS,
      eachBatch: (payload) => this.#handle(payload),
    })
  }

  #listen(): void {
    const { events } = this.#consumer
    this.#consumer.on(events.GROUP_JOIN, ({ payload }) => this.#assigned(payload.memberAssignment))
    this.#consumer.on(events.CRASH, ({ payload }) => this.#crashed(payload.error))
    // The fetch event alone comes after failures too.
    this.#consumer.on(events.REQUEST, ({ payload }) => (this.#fetchAnswered ||= payload.apiName === 'Fetch'))
    this.#consumer.on(events.FETCH, () => {
      if (!this.#fetchAnswered) return
      this.#fetchAnswered = false
      this.lastFetchAt = this.#settings.clock.now()
      this.#context.healthy()
    })
  }

  /** Before kafkajs asks to join, the first time or again. */
  async #beforeJoin(): Promise<void> {
    await this.#giveAway()
    if (this.#closing.signal.aborted) throw closedError()
  }

  /** The receiver settles and commits what it can, then the partitions are no longer ours. */
  async #giveAway(): Promise<void> {
    this.assignment.interrupt()
    const partitions = this.assignment.list.map(({ topic, partition }) => ({ topic, partition }))
    if (partitions.length > 0 && !this.#closing.signal.aborted) await this.#revoke(partitions)
    this.joined = false
    this.assignment.clear()
  }

  async #revoke(partitions: readonly TopicPartition[]): Promise<void> {
    const { clock, log, groupId } = this.#settings
    const done = new AbortController()
    const settled = this.#context.receiver
      .revoked(partitions)
      .then(() => this.#commits.settled())
      .then(() => true)
    // A rebalance refuses heartbeats, and yet counts them.
    const beat = (): Promise<void> => this.#heart.beat().catch(() => undefined)
    void beatUntil({ ...this.#heart, beat }, done.signal)
    try {
      const late = wait(clock, REBALANCE_TIMEOUT / 2, AbortSignal.any([done.signal, this.#closing.signal]))
      if (await Promise.race([settled, late.then(() => false)])) return
    } finally {
      done.abort()
    }
    log('warn', 'cannot finish before the rebalance goes on: the next owner does the rest again', {
      event: 'kafka.revoke-unfinished',
      group: groupId,
    })
  }

  #assigned(partitionsByTopic: Readonly<Record<string, readonly number[]>>): void {
    if (this.#closing.signal.aborted) return
    const { assignment } = this
    assignment.assign(partitionsByTopic, this.#context.nextEpoch)
    this.joined = true
    this.applyPause()
    this.#settings.log('info', 'joined the consumer group', {
      event: 'kafka.joined',
      group: this.#settings.groupId,
      partitions: assignment.list.map(({ topic, partition }) => `${topic}/${partition}`),
    })
    this.#context.receiver.assigned(assignment.list.map(({ topic, partition, epoch }) => ({ topic, partition, epoch })))
    if (assignment.list.length === 0) this.#context.healthy()
    else void this.#begin(assignment.list, assignment.signal)
  }

  /**
   * Finds where the partitions begin, and commits it where nothing is committed and the next look may give another
   * answer: a rebalance must not move it.
   */
  async #begin(partitions: readonly Owned[], signal: AbortSignal): Promise<void> {
    const { clock, log, groupId, from } = this.#settings
    const over = (): boolean => signal.aborted
    const problem = new Problem(clock, log, 'kafka.start-position')
    while (!over()) {
      try {
        const starts = await startPositions(this.#context.admin, groupId, partitions, from)
        if (over()) return
        for (const { topic, partition, offset, highWatermark, reason } of starts) {
          const owned = this.assignment.find({ topic, partition })
          if (!owned || owned.position !== null) continue
          owned.position = offset
          owned.highWatermark = highWatermark
          this.#consumer.seek({ topic, partition, offset: String(offset) })
          log('info', `reading from offset ${offset}: ${reason}`, { event: 'kafka.start', topic, partition, offset })
        }
        this.applyPause()
        const epochs = new Map(partitions.map((owned) => [`${owned.topic}/${owned.partition}`, owned.epoch]))
        const due = from === 'earliest' ? [] : starts.filter(({ committed }) => !committed)
        await this.commit(
          due.map((start) => ({ ...start, epoch: epochs.get(`${start.topic}/${start.partition}`) ?? -1 })),
        )
        return
      } catch (error) {
        problem.report(`cannot settle where to begin: ${explain(error)}`, 'warn', { group: groupId })
        await problem.backOff(signal)
      }
    }
  }

  async #handle(payload: EachBatchPayload): Promise<void> {
    const { batch } = payload
    const owned = this.assignment.find(batch)
    if (!owned || owned.over.signal.aborted || owned.position === null) return
    if (payload.isStale() || this.#context.paused()) return
    this.#heart = { ...this.#heart, beat: () => payload.heartbeat() }
    owned.highWatermark = Number(batch.highWatermark)
    const lines = toLineBatch(batch, owned.epoch)
    try {
      if (!(await handOver(this.#context.receiver, lines, owned.over.signal, this.#heart))) return
    } catch (error) {
      // The other partitions' handlers need not wait for a refused heartbeat of their own.
      if (isRebalance(error)) this.assignment.interrupt()
      throw error
    }
    owned.position = lines.nextOffset
    payload.resolveOffset(batch.lastOffset())
  }
}
