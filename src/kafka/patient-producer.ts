import { Partitioners, type CompressionTypes, type Kafka, type Message, type Producer } from 'kafkajs'
import { AgentError } from '../domain/errors.ts'
import type { Millis } from '../domain/time.ts'
import type { Clock, SinkHealth } from '../engine/ports.ts'
import { errorType, explain, isTooLarge } from './errors.ts'
import type { KafkaLog } from './log.ts'
import { RETRY } from './options.ts'
import { CLOSE_LIMIT, Problem, within } from './problem.ts'

export interface ProducerSettings {
  readonly kafka: Kafka
  readonly topic: string
  readonly codec: CompressionTypes
  readonly clock: Clock
  readonly log: KafkaLog
}

/** `stored`; refused for its size; or addressed to a partition that the topic does not have. */
export type Sent =
  { readonly kind: 'stored' | 'no-partition' } | { readonly kind: 'too-large'; readonly reason: string }

const ALL_REPLICAS = -1
const SEND_TIMEOUT: Millis = 30_000

/** Permanent until a person acts; they block like the others, but at level error. */
const needsPerson = /AUTHORIZATION|UNKNOWN_TOPIC|INVALID_|SASL|UNSUPPORTED/

/**
 * A kafkajs producer for one topic that does not give up: a send ends with the records stored, or refused for good.
 * After each failure it goes on with a new producer, since kafkajs keeps what it knew of the cluster.
 */
export class PatientProducer {
  readonly problem: Problem
  readonly closing = new AbortController()
  readonly #settings: ProducerSettings
  readonly #prepare: () => Promise<void>
  #producer: Producer | null = null
  #lastAckAt: Millis | null = null

  /** `prepare` runs before each connect; if it rejects, that is a failure like any other. */
  constructor(settings: ProducerSettings, prepare: () => Promise<void> = () => Promise.resolve()) {
    this.#settings = settings
    this.#prepare = prepare
    this.problem = new Problem(settings.clock, settings.log, 'kafka.sink')
  }

  /** Stores the messages in order. Throws AgentError SHUTDOWN_STATE when closed meanwhile. */
  async send(messages: Message[]): Promise<Sent> {
    const { topic, codec, clock } = this.#settings
    for (;;) {
      this.#refuseWhenClosed()
      try {
        const producer = (this.#producer ??= await this.#connect())
        const answers = await producer.send({
          topic,
          messages,
          acks: ALL_REPLICAS,
          timeout: SEND_TIMEOUT,
          compression: codec,
        })
        // kafkajs sends nothing, and says so by an empty list, for a partition that it does not know.
        if (answers.length === 0) {
          void this.#drop()
          return { kind: 'no-partition' }
        }
        this.#lastAckAt = clock.now()
        this.problem.clear()
        return { kind: 'stored' }
      } catch (error) {
        if (isTooLarge(error)) return { kind: 'too-large', reason: errorType(error) }
        this.#refuseWhenClosed()
        void this.#drop()
        const level = needsPerson.test(errorType(error)) ? 'error' : 'warn'
        this.problem.report(`cannot write to topic ${topic}: ${explain(error)}`, level, { topic })
        await this.problem.backOff(this.closing.signal)
      }
    }
  }

  health(): SinkHealth {
    return { lastAckAt: this.#lastAckAt, error: this.problem.text }
  }

  async close(): Promise<void> {
    this.closing.abort()
    await within(this.#settings.clock, CLOSE_LIMIT, this.#drop())
  }

  #refuseWhenClosed(): void {
    if (this.closing.signal.aborted) {
      throw new AgentError('SHUTDOWN_STATE', `closed before all records were written to topic ${this.#settings.topic}`)
    }
  }

  async #connect(): Promise<Producer> {
    await this.#prepare()
    const producer = this.#settings.kafka.producer({
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      retry: RETRY,
    })
    try {
      await producer.connect()
    } catch (error) {
      await producer.disconnect()
      throw error
    }
    return producer
  }

  async #drop(): Promise<void> {
    const producer = this.#producer
    this.#producer = null
    try {
      await producer?.disconnect()
    } catch (error) {
      this.#settings.log('debug', `cannot disconnect: ${explain(error)}`, { event: 'kafka.sink-disconnect' })
    }
  }
}

/**
 * Sends the items [from, to), in halves where they are refused for their size together. `refuse` is told of each item
 * that is refused alone. `send` deals with missing partitions itself.
 */
export async function sendSplitting(
  from: number,
  to: number,
  send: (from: number, to: number) => Promise<Sent>,
  refuse: (index: number, reason: string) => void | Promise<void>,
): Promise<void> {
  if (from >= to) return
  const sent = await send(from, to)
  if (sent.kind !== 'too-large') return
  if (to - from === 1) {
    await refuse(from, sent.reason)
    return
  }
  const middle = Math.ceil((from + to) / 2)
  await sendSplitting(from, middle, send, refuse)
  await sendSplitting(middle, to, send, refuse)
}
