import { AgentError } from '../domain/errors.ts'
import type { Headers } from '../domain/stream/line-batch.ts'
import { partitionForKey, StickyPartition } from '../domain/stream/output-partition.ts'
import type { DeadLetter } from '../domain/stream/value-batch.ts'
import type { DeadLetterSink, SinkHealth } from '../engine/ports.ts'
import { explain } from './errors.ts'
import type { SinkSettings } from './kafka-sink.ts'
import { makeTopic } from './make-topic.ts'
import { keyedValues } from './produce/keyed-values.ts'
import { Producer } from './produce/producer.ts'
import { recordEncoder } from './produce/record-encoder.ts'

/** What is kept of a letter that is too large as it is. */
const HEAD = 1024

type Letter = Pick<DeadLetter, 'key' | 'value' | 'headers'>

/** A dead-letter topic, made when it is missing. Blocks until every letter is stored, and says why in `health`. */
export class KafkaDeadLetterSink implements DeadLetterSink {
  readonly #settings: SinkSettings
  readonly #producer: Producer
  readonly #sticky = new StickyPartition()
  /** So many writes wait for the topic. */
  #waiting = 0

  constructor(settings: SinkSettings) {
    const { cluster, topic, compression, clock, log, transaction = null } = settings
    this.#settings = settings
    const encode = recordEncoder(compression, cluster.pool, transaction !== null)
    const look = (): Promise<void> => this.#look()
    this.#producer = new Producer({ cluster, topic, encode, look, clock, log, transaction })
  }

  /** Rejects with AgentError FAILED when nobody wants them any more before they are on their way. */
  async write(letters: readonly DeadLetter[], isWanted: () => boolean = () => true): Promise<void> {
    const tooLarge = await this.#store(letters, whole, isWanted)
    if (tooLarge.length === 0) return
    let refused = await this.#store(tooLarge, head, isWanted)
    while (refused.length > 0) {
      this.#producer.problem.report(`even the first ${HEAD} bytes of a dead letter are refused`, 'error')
      await this.#producer.problem.backOff(this.#producer.signal)
      refused = await this.#store(refused, head, isWanted)
    }
  }

  health(): SinkHealth {
    return this.#producer.health()
  }

  close(): Promise<void> {
    this.#producer.close()
    return Promise.resolve()
  }

  /** Gives those that were refused for their size. */
  async #store(
    letters: readonly DeadLetter[],
    form: (letter: DeadLetter) => Letter,
    isWanted: () => boolean,
  ): Promise<DeadLetter[]> {
    const { topic, clock } = this.#settings
    const count = await this.#partitionsFor(isWanted)
    if (!isWanted()) throw givenUp(topic)
    const keyless = this.#sticky.next(count)
    const timestamp = clock.wall()
    const places = Map.groupBy(letters, ({ key }) => (key ? partitionForKey(key, count) : keyless))
    const refused = await Promise.all(
      [...places].map(async ([partition, list]) => {
        const records = list.map((letter) => ({ ...form(letter), timestamp }))
        const refusals = await this.#producer.write({ topic, partition }, keyedValues(partition, records))
        return refusals.flatMap(({ index }) => list.slice(index, index + 1))
      }),
    )
    return refused.flat()
  }

  async #partitionsFor(isWanted: () => boolean): Promise<number> {
    this.#waiting++
    try {
      return await this.#partitions(isWanted)
    } finally {
      this.#waiting--
      // What nobody waits for is nobody's trouble.
      if (this.#waiting === 0 && !isWanted()) this.#producer.problem.clear()
    }
  }

  async #partitions(isWanted: () => boolean): Promise<number> {
    const { topic } = this.#settings
    const { topics, problem, signal } = this.#producer
    for (;;) {
      const known = topics.find(topic)?.partitions.length ?? 0
      if (known > 0) return known
      if (signal.aborted) throw new AgentError('SHUTDOWN_STATE', `closed while making dead-letter topic ${topic}`)
      if (!isWanted()) throw givenUp(topic)
      try {
        await this.#look()
        const refused = topics.problemOf(topic)
        if (refused) throw refused
      } catch (error) {
        problem.report(`cannot write to topic ${topic}: ${explain(error)}`, 'warn', { topic })
        await problem.backOff(signal)
      }
    }
  }

  /** Makes the topic where it is missing, be it that somebody deleted it. */
  async #look(): Promise<void> {
    const { cluster, topic, log } = this.#settings
    const { topics } = this.#producer
    await topics.refresh()
    if (topics.problemOf(topic)?.type !== 'UNKNOWN_TOPIC_OR_PARTITION') return
    if (await makeTopic(cluster, topic)) {
      log('info', `made dead-letter topic ${topic}`, { event: 'kafka.dead-letter-topic', topic })
    }
    await topics.refresh()
  }
}

const givenUp = (topic: string): AgentError => new AgentError('FAILED', `gave up letters for topic ${topic}`)

const text = (value: string): Uint8Array => Buffer.from(value)

const ownHeaders = ({ reason, facts }: DeadLetter): Headers => [
  ['x-dlq-reason', text(reason)],
  ...Object.entries(facts).map(([name, fact]) => [`x-dlq-${name}`, text(fact)] as const),
]

const whole = (letter: DeadLetter): Letter => ({ ...letter, headers: [...letter.headers, ...ownHeaders(letter)] })

const head = (letter: DeadLetter): Letter => ({
  key: letter.key && letter.key.length <= HEAD ? letter.key : null,
  value: letter.value.subarray(0, HEAD),
  headers: [...ownHeaders(letter), ['x-dlq-truncated', text(String(letter.value.length))]],
})
