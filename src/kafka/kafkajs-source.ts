import type { Kafka } from 'kafkajs'
import type { TopicPartition } from '../domain/stream/line-batch.ts'
import type { Millis } from '../domain/time.ts'
import type { Clock, RecordConsumer, RecordSource, SourceHealth, Timer } from '../engine/ports.ts'
import { AdminConnection } from './admin.ts'
import { explain } from './errors.ts'
import type { KafkaLog } from './log.ts'
import { Membership, type MembershipSettings } from './membership.ts'
import { CLOSE_LIMIT, Problem, wait, within } from './problem.ts'
import type { InputFrom } from './start-positions.ts'

export interface SourceSettings {
  readonly kafka: Kafka
  readonly groupId: string
  readonly topics: readonly string[]
  readonly from: InputFrom
  readonly sessionTimeoutMs: Millis
  /** kafkajs has no static membership: ignored, with one warning. */
  readonly groupInstanceId?: string
  readonly maxBytesPerPartition?: number
  readonly maxBytes?: number
  readonly clock: Clock
  readonly log: KafkaLog
}

/** Small, for the memory: a response is in hand beside what the window holds. A larger record comes alone. */
const MAX_BYTES_PER_PARTITION = 256 * 1024
const MAX_BYTES = 1024 * 1024
const TOPIC_POLL: Millis = 1_000
const LAG_POLL: Millis = 10_000

/** Records of a consumer group by kafkajs; joins again, with a new consumer, whatever happens, until it is closed. */
export class KafkaJsSource implements RecordSource {
  readonly #settings: MembershipSettings
  readonly #admin: AdminConnection
  readonly #problem: Problem
  readonly #missing: Problem
  readonly #closing = new AbortController()
  #membership: Membership | null = null
  #lastFetchAt: Millis | null = null
  #paused = false
  #epoch = 0
  #lagTimer: Timer | null = null
  #done: Promise<void> = Promise.resolve()

  constructor(settings: SourceSettings) {
    const { clock, log, groupInstanceId } = settings
    this.#settings = { maxBytesPerPartition: MAX_BYTES_PER_PARTITION, maxBytes: MAX_BYTES, ...settings }
    this.#admin = new AdminConnection(settings.kafka)
    this.#problem = new Problem(clock, log, 'kafka.source')
    this.#missing = new Problem(clock, log, 'kafka.topics-missing', Infinity)
    if (groupInstanceId !== undefined) {
      log('warn', `GROUP_INSTANCE_ID=${groupInstanceId} is ignored: this version joins as a dynamic member`, {
        event: 'kafka.no-static-membership',
      })
    }
  }

  async start(consumer: RecordConsumer): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const attempted = (): void => resolve(undefined)
    this.#done = this.#live(consumer, attempted).finally(attempted)
    this.#pollLag()
    await promise
  }

  pause(): void {
    this.#paused = true
    this.#membership?.applyPause()
  }

  resume(): void {
    this.#paused = false
    this.#membership?.applyPause()
  }

  rewind(partition: TopicPartition, offset: number, epoch: number): void {
    this.#epoch = Math.max(this.#epoch, epoch)
    this.#membership?.rewind(partition, offset, epoch)
  }

  async commit(
    positions: readonly (TopicPartition & { readonly offset: number; readonly epoch: number })[],
  ): Promise<void> {
    await this.#membership?.commit(positions)
  }

  health(): SourceHealth {
    const member = this.#membership
    const joined = member?.joined ?? false
    return {
      joined,
      assigned: (member?.assignment.list ?? []).map(({ topic, partition }) => ({ topic, partition })),
      lastFetchAt: member?.lastFetchAt ?? this.#lastFetchAt,
      lag: joined ? (member?.assignment.lag() ?? null) : null,
      error: this.#missing.text ?? this.#problem.text,
    }
  }

  async close(): Promise<void> {
    this.#closing.abort()
    this.#lagTimer?.cancel()
    await Promise.all([
      this.#membership?.leave(),
      within(this.#settings.clock, CLOSE_LIMIT, Promise.all([this.#done, this.#admin.close()])),
    ])
  }

  async #live(receiver: RecordConsumer, attempted: () => void): Promise<void> {
    const { signal } = this.#closing
    const closed = (): boolean => signal.aborted
    while (!closed()) {
      try {
        if (!(await this.#topicsExist())) {
          attempted()
          await wait(this.#settings.clock, TOPIC_POLL, signal)
          continue
        }
        this.#membership = new Membership(this.#settings, {
          receiver,
          admin: this.#admin,
          nextEpoch: () => ++this.#epoch,
          paused: () => this.#paused,
          healthy: () => this.#problem.clear(),
        })
        await this.#membership.run(attempted)
      } catch (error) {
        if (closed()) break
        attempted()
        this.#problem.report(`cannot read from Kafka: ${explain(error)}`, 'warn', { group: this.#settings.groupId })
        await this.#problem.backOff(signal)
      } finally {
        this.#lastFetchAt = this.#membership?.lastFetchAt ?? this.#lastFetchAt
        this.#membership = null
      }
    }
  }

  async #topicsExist(): Promise<boolean> {
    const { topics } = this.#settings
    const missing: string[] = []
    for (const topic of topics) if ((await this.#admin.partitionCount(topic)) === null) missing.push(topic)
    if (missing.length === 0) {
      this.#missing.clear()
      return true
    }
    const names = missing.join(', ')
    this.#missing.report(`waiting for input topics that do not exist yet: ${names}: create them, or grant DESCRIBE`)
    return false
  }

  /** The end of partitions that deliver nothing is not told by any fetch. */
  #pollLag(): void {
    if (this.#closing.signal.aborted) return
    this.#lagTimer = this.#settings.clock.arm(LAG_POLL, () => {
      void this.#readEnds().finally(() => this.#pollLag())
    })
  }

  async #readEnds(): Promise<void> {
    const list = this.#membership?.assignment.list ?? []
    try {
      for (const topic of new Set(list.map((owned) => owned.topic))) {
        const ends = await this.#admin.ask((admin) => admin.fetchTopicOffsets(topic))
        for (const owned of list.filter((each) => each.topic === topic)) {
          const end = ends.find(({ partition }) => partition === owned.partition)
          if (end) owned.highWatermark = Math.max(owned.highWatermark, Number(end.high))
        }
      }
    } catch (error) {
      this.#settings.log('debug', `cannot read the end of the partitions: ${explain(error)}`, { event: 'kafka.lag' })
    }
  }
}
