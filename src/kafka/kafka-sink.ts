import { AgentError } from '../domain/errors.ts'
import type { Refusal, ValueBatch } from '../domain/stream/value-batch.ts'
import type { Millis } from '../domain/time.ts'
import type { Clock, RecordSink, SinkHealth } from '../engine/ports.ts'
import { wait } from '../engine/waiting.ts'
import type { Compression } from '../wire/record-batch/compression.ts'
import type { KafkaCluster } from './cluster.ts'
import { explain } from './errors.ts'
import type { KafkaLog } from './log.ts'
import { Problem } from './problem.ts'
import { Producer } from './produce/producer.ts'
import { recordEncoder } from './produce/record-encoder.ts'
import type { WritingTransaction } from './produce/writing-transaction.ts'

export interface SinkSettings {
  /** Its connections are the sink's alone, and end with it. */
  readonly cluster: KafkaCluster
  readonly topic: string
  readonly compression: Compression
  readonly clock: Clock
  readonly log: KafkaLog
  /** Absent: records hold as soon as they are stored. */
  readonly transaction?: WritingTransaction | null
}

const TOPIC_POLL: Millis = 1_000
/** How old what is known of the topic may be before it is looked at again, for partitions that were added. */
const LOOK_EVERY: Millis = 60_000

/** The output topic. Never creates it; blocks as long as it cannot be written, and says why in `health`. */
export class KafkaSink implements RecordSink {
  readonly #settings: SinkSettings
  readonly #producer: Producer
  readonly #missing: Problem
  readonly #unreachable: Problem
  #lookedAt: Millis | null = null

  constructor(settings: SinkSettings) {
    const { cluster, topic, compression, clock, log, transaction = null } = settings
    this.#settings = settings
    const encode = recordEncoder(compression, cluster.pool, transaction !== null)
    this.#producer = new Producer({ cluster, topic, encode, clock, log, transaction })
    this.#missing = new Problem(clock, log, 'kafka.output-topic-missing', Infinity)
    this.#unreachable = new Problem(clock, log, 'kafka.sink')
  }

  /** Throws AgentError SHUTDOWN_STATE when closed before the topic was seen. */
  async partitions(): Promise<number> {
    const { topic, clock } = this.#settings
    const { topics, signal } = this.#producer
    if (this.#lookedAt !== null && clock.now() - this.#lookedAt > LOOK_EVERY) {
      this.#lookedAt = clock.now()
      topics.refresh().catch((error: unknown) => {
        this.#settings.log('debug', `cannot look at topic ${topic}: ${explain(error)}`, { event: 'kafka.look' })
      })
    }
    while (!topics.find(topic)) {
      if (signal.aborted) throw new AgentError('SHUTDOWN_STATE', `closed while waiting for output topic ${topic}`)
      await this.#look()
    }
    // Another look than ours may have found it.
    this.#missing.clear()
    this.#unreachable.clear()
    return topics.find(topic)?.partitions.length ?? 1
  }

  write(batch: ValueBatch): Promise<readonly Refusal[]> {
    return this.#producer.write({ topic: this.#settings.topic, partition: batch.partition }, batch)
  }

  health(): SinkHealth {
    const { lastAckAt, error } = this.#producer.health()
    return { lastAckAt, error: this.#missing.text ?? this.#unreachable.text ?? error }
  }

  close(): Promise<void> {
    this.#producer.close()
    return Promise.resolve()
  }

  async #look(): Promise<void> {
    const { topic, clock } = this.#settings
    const { topics, signal } = this.#producer
    try {
      this.#lookedAt = clock.now()
      await topics.refresh()
      this.#unreachable.clear()
    } catch (error) {
      this.#unreachable.report(`cannot look for output topic ${topic}: ${explain(error)}`)
      await this.#unreachable.backOff(signal)
      return
    }
    if (topics.find(topic)) return
    this.#missing.report(`waiting for output topic ${topic}: it does not exist: create it, or grant DESCRIBE`)
    await wait(clock, TOPIC_POLL, signal)
  }
}
