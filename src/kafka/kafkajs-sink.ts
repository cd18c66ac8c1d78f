import { AgentError } from '../domain/errors.ts'
import type { Refusal, ValueBatch } from '../domain/stream/value-batch.ts'
import type { Millis } from '../domain/time.ts'
import type { RecordSink, SinkHealth } from '../engine/ports.ts'
import { AdminConnection } from './admin.ts'
import { explain } from './errors.ts'
import { pieces, toMessages } from './messages.ts'
import { PatientProducer, sendSplitting, type ProducerSettings, type Sent } from './patient-producer.ts'
import { CLOSE_LIMIT, Problem, wait, within } from './problem.ts'

const TOPIC_POLL: Millis = 1_000

/** The output topic. Never creates it; blocks as long as it cannot be written, and says why in `health`. */
export class KafkaJsSink implements RecordSink {
  readonly #settings: ProducerSettings
  readonly #admin: AdminConnection
  readonly #producer: PatientProducer
  readonly #missing: Problem
  readonly #unreachable: Problem
  #count: number | null = null
  #turn: Promise<unknown> = Promise.resolve()

  constructor(settings: ProducerSettings) {
    this.#settings = settings
    this.#admin = new AdminConnection(settings.kafka)
    this.#producer = new PatientProducer(settings)
    this.#missing = new Problem(settings.clock, settings.log, 'kafka.output-topic-missing', Infinity)
    this.#unreachable = new Problem(settings.clock, settings.log, 'kafka.sink')
  }

  /** Throws AgentError SHUTDOWN_STATE when closed before the topic was seen. */
  async partitions(): Promise<number> {
    const { topic, clock } = this.#settings
    const { signal } = this.#producer.closing
    while (this.#count === null) {
      if (signal.aborted) throw new AgentError('SHUTDOWN_STATE', `closed while waiting for output topic ${topic}`)
      try {
        this.#count = await this.#admin.partitionCount(topic)
        this.#unreachable.clear()
        if (this.#count !== null) break
        this.#missing.report(`waiting for output topic ${topic}: it does not exist: create it, or grant DESCRIBE`)
        await wait(clock, TOPIC_POLL, signal)
      } catch (error) {
        this.#unreachable.report(`cannot look for output topic ${topic}: ${explain(error)}`)
        await this.#unreachable.backOff(signal)
      }
    }
    this.#missing.clear()
    return this.#count
  }

  /** In turn: kafkajs does not keep the order of sends that overlap. */
  write(batch: ValueBatch): Promise<readonly Refusal[]> {
    const turn = this.#turn.then(() => this.#write(batch))
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  async #write(batch: ValueBatch): Promise<readonly Refusal[]> {
    const refusals: Refusal[] = []
    for (const [first, end] of pieces(batch)) {
      await sendSplitting(
        first,
        end,
        (from, to) => this.#send(batch, from, to),
        (index, reason) => void refusals.push({ index, reason }),
      )
    }
    return refusals
  }

  health(): SinkHealth {
    const { lastAckAt, error } = this.#producer.health()
    return { lastAckAt, error: this.#missing.text ?? this.#unreachable.text ?? error }
  }

  async close(): Promise<void> {
    await Promise.all([this.#producer.close(), within(this.#settings.clock, CLOSE_LIMIT, this.#admin.close())])
  }

  /** A topic that was made anew with fewer partitions takes the records in those it has. */
  async #send(batch: ValueBatch, from: number, to: number): Promise<Sent> {
    for (;;) {
      const partition = batch.partition % (await this.partitions())
      const sent = await this.#producer.send(toMessages(batch, from, to, partition))
      if (sent.kind !== 'no-partition') return sent
      const { topic } = this.#settings
      this.#producer.problem.report(`topic ${topic} has no partition ${partition}: asking again`, 'warn', { topic })
      await this.#producer.problem.backOff(this.#producer.closing.signal)
      this.#count = null
    }
  }
}
