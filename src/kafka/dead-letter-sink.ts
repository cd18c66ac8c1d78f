import type { Admin, Message } from 'kafkajs'
import type { Headers } from '../domain/stream/line-batch.ts'
import type { DeadLetter } from '../domain/stream/value-batch.ts'
import type { Clock, DeadLetterSink, SinkHealth } from '../engine/ports.ts'
import { AdminConnection } from './admin.ts'
import { errorType } from './errors.ts'
import { toMessage } from './messages.ts'
import { PatientProducer, sendSplitting, type ProducerSettings, type Sent } from './patient-producer.ts'
import { CLOSE_LIMIT, within } from './problem.ts'

const LETTERS_AT_ONCE = 100
/** What is kept of a letter that is too large as it is. */
const HEAD = 1024
const MAX_REPLICAS = 3

/** A dead-letter topic, made when it is missing. Blocks until every letter is stored, and says why in `health`. */
export class KafkaDeadLetterSink implements DeadLetterSink {
  readonly #clock: Clock
  readonly #admin: AdminConnection
  readonly #producer: PatientProducer

  constructor(settings: ProducerSettings) {
    const { kafka, topic, clock, log } = settings
    this.#clock = clock
    this.#admin = new AdminConnection(kafka)
    this.#producer = new PatientProducer(settings, async () => {
      if ((await this.#admin.partitionCount(topic)) !== null) return
      if (await this.#admin.ask((admin) => makeTopic(admin, topic))) {
        log('info', `made dead-letter topic ${topic}`, { event: 'kafka.dead-letter-topic', topic })
      }
    })
  }

  async write(letters: readonly DeadLetter[]): Promise<void> {
    for (let at = 0; at < letters.length; at += LETTERS_AT_ONCE) {
      await sendSplitting(
        at,
        Math.min(letters.length, at + LETTERS_AT_ONCE),
        (from, to) => this.#send(letters.slice(from, to).map(whole)),
        async (index) => {
          for (const letter of letters.slice(index, index + 1)) await this.#writeHead(letter)
        },
      )
    }
  }

  health(): SinkHealth {
    return this.#producer.health()
  }

  async close(): Promise<void> {
    await Promise.all([this.#producer.close(), within(this.#clock, CLOSE_LIMIT, this.#admin.close())])
  }

  async #writeHead(letter: DeadLetter): Promise<void> {
    for (;;) {
      const sent = await this.#send([head(letter)])
      if (sent.kind === 'stored') return
      await this.#again(`even the first ${HEAD} bytes of a dead letter are refused`)
    }
  }

  async #send(messages: Message[]): Promise<Sent> {
    for (;;) {
      const sent = await this.#producer.send(messages)
      if (sent.kind !== 'no-partition') return sent
      await this.#again('the dead-letter topic has no partitions')
    }
  }

  async #again(problem: string): Promise<void> {
    this.#producer.problem.report(problem, 'error')
    await this.#producer.problem.backOff(this.#producer.closing.signal)
  }
}

const text = (value: string): Uint8Array => Buffer.from(value)

const ownHeaders = ({ reason, facts }: DeadLetter): Headers => [
  ['x-dlq-reason', text(reason)],
  ...Object.entries(facts).map(([name, fact]) => [`x-dlq-${name}`, text(fact)] as const),
]

const whole = (letter: DeadLetter): Message =>
  toMessage(letter.key, letter.value, [...letter.headers, ...ownHeaders(letter)])

const head = (letter: DeadLetter): Message =>
  toMessage(letter.key && letter.key.length <= HEAD ? letter.key : null, letter.value.subarray(0, HEAD), [
    ...ownHeaders(letter),
    ['x-dlq-truncated', text(String(letter.value.length))],
  ])

/** With the broker's own counts of partitions and replicas, where it is new enough to choose. False: it existed. */
async function makeTopic(admin: Admin, topic: string): Promise<boolean> {
  try {
    return await admin.createTopics({ topics: [{ topic, numPartitions: -1, replicationFactor: -1 }] })
  } catch (error) {
    if (!['INVALID_PARTITIONS', 'INVALID_REPLICATION_FACTOR', 'UNSUPPORTED_VERSION'].includes(errorType(error))) {
      throw error
    }
    const { brokers } = await admin.describeCluster()
    const replicationFactor = Math.min(MAX_REPLICAS, brokers.length)
    return admin.createTopics({ topics: [{ topic, numPartitions: 1, replicationFactor }] })
  }
}
