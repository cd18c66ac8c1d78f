import { letterAt, type Letter } from '../../domain/dead-letters/letter.ts'
import type { Selection, Span } from '../../domain/dead-letters/selection.ts'
import { AgentError } from '../../domain/errors.ts'
import { nameOf, type TopicPartition } from '../../domain/stream/line-batch.ts'
import type { Clock } from '../../engine/ports.ts'
import { BrokerError } from '../broker-error.ts'
import type { KafkaCluster } from '../cluster.ts'
import { explain } from '../errors.ts'
import { offsetsAt } from '../offset-lookup.ts'
import { EARLIEST, LATEST } from '../protocol/list-offsets.ts'
import { Topics } from '../topics.ts'
import { unlessAborted } from '../unless-aborted.ts'
import { INTERRUPTED, patiently } from './patience.ts'
import { readSpan } from './span-reader.ts'

export interface TopicParts {
  /** Closed by whoever made it. */
  readonly cluster: KafkaCluster
  /** As the user wrote them, for the message. */
  readonly brokers: readonly string[]
  readonly topic: string
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** A dead-letter topic as the commands see it: its letters, partition after partition, without a consumer group. */
export class DeadLetterTopic {
  readonly topic: string
  readonly #parts: TopicParts
  readonly #topics: Topics

  constructor(parts: TopicParts) {
    this.topic = parts.topic
    this.#parts = parts
    this.#topics = new Topics(parts.cluster, [parts.topic])
  }

  /**
   * Looks at the topic, once. Throws AgentError UNAVAILABLE where no broker can be asked, FAILED where the topic does
   * not exist or may not be read.
   */
  async open(): Promise<void> {
    const { brokers, signal } = this.#parts
    try {
      await unlessAborted(signal, INTERRUPTED, this.#topics.refresh())
    } catch (error) {
      if (error instanceof AgentError) throw error
      throw new AgentError('UNAVAILABLE', `cannot reach Kafka at ${brokers.join(', ')}: ${explain(error)}`, {
        cause: error,
      })
    }
    const refused = this.#topics.problemOf(this.topic)
    if (refused) throw new AgentError('FAILED', this.#refusal(refused), { cause: refused })
  }

  get topics(): Topics {
    return this.#topics
  }

  /** Ascending. */
  get partitions(): readonly number[] {
    const found = this.#topics.find(this.topic)?.partitions ?? []
    return found.map(({ partition }) => partition).sort((a, b) => a - b)
  }

  /**
   * Where the selected letters lie at this moment: later ones are not looked at. Throws AgentError BAD_USAGE for a
   * partition that the topic does not have.
   */
  async spans({ partition, offset, since }: Selection): Promise<Span[]> {
    const wanted = this.#wanted(partition)
    const ends = await this.offsets(wanted, LATEST)
    const [starts, young] = await Promise.all([
      this.offsets(wanted, EARLIEST),
      since === null ? null : this.offsets(wanted, since),
    ])
    return wanted.map((each) => {
      const end = ends.get(each) ?? 0
      const start = starts.get(each) ?? 0
      const from = young === null ? start : (young.get(each) ?? -1)
      if (offset === null) return { partition: each, from: from < 0 ? end : Math.max(from, start), to: end }
      return { partition: each, from: Math.max(offset, start), to: Math.min(offset + 1, end) }
    })
  }

  /** The first offset that is kept, by partition. */
  starts(partitions: readonly number[]): Promise<ReadonlyMap<number, number>> {
    return this.offsets(partitions, EARLIEST)
  }

  /** First offset at or after `at` (ms, EARLIEST, LATEST), by partition; -1: no record is that young. */
  async offsets(partitions: readonly number[], at: number): Promise<ReadonlyMap<number, number>> {
    const places = partitions.map((partition): TopicPartition => ({ topic: this.topic, partition }))
    const found = await this.patiently('cannot look at', () =>
      offsetsAt(this.#parts.cluster, this.#topics, places, at, at === LATEST),
    )
    return new Map(places.map((place) => [place.partition, found.get(nameOf(place)) ?? -1]))
  }

  /** In the order of their offsets, some at a time. Rejects as `patiently`, and with RecordBatchError. */
  async *read(span: Span): AsyncGenerator<readonly Letter[]> {
    const { cluster } = this.#parts
    const { topic } = this
    const parts = { cluster, topics: this.#topics, topic, ask: this.patiently.bind(this) }
    for await (const batch of readSpan(parts, span)) {
      const letters: Letter[] = []
      for (let index = 0; index < batch.count; index++) {
        if ((batch.offsets[index] ?? 0) < span.to) letters.push(letterAt(batch, index))
      }
      yield letters
    }
  }

  /** As the function of this name, with a fresh look at the topic between attempts. `what` reads on with the topic. */
  async patiently<T>(what: string, attempt: () => Promise<T>): Promise<T> {
    const { clock, signal } = this.#parts
    const lookAgain = (): Promise<void> => this.#topics.refresh()
    return patiently({ clock, signal, lookAgain }, `${what} topic ${this.topic}`, attempt)
  }

  #wanted(partition: number | null): readonly number[] {
    const { partitions } = this
    if (partition === null) return partitions
    if (partitions.includes(partition)) return [partition]
    const there = partitions.length === 1 ? 'partition 0 only' : `partitions 0 to ${partitions.length - 1}`
    throw new AgentError('BAD_USAGE', `topic ${this.topic} has ${there}, not ${partition}`)
  }

  #refusal(error: BrokerError): string {
    const start = `cannot read topic ${this.topic}`
    if (error.type !== 'UNKNOWN_TOPIC_OR_PARTITION') return `${start}: ${explain(error)}`
    return `${start}: it does not exist (the first dead letter makes it) or is hidden from this user; see --topic`
  }
}
