import type { Destination } from '../../domain/dead-letters/destination.ts'
import type { Letter } from '../../domain/dead-letters/letter.ts'
import { AgentError } from '../../domain/errors.ts'
import { partitionForKey, StickyPartition } from '../../domain/stream/output-partition.ts'
import type { Clock, Timer } from '../../engine/ports.ts'
import type { Compression } from '../../wire/record-batch/compression.ts'
import type { KafkaCluster } from '../cluster.ts'
import type { KafkaLog } from '../log.ts'
import { keyedValues } from '../produce/keyed-values.ts'
import { Producer } from '../produce/producer.ts'
import { recordEncoder } from '../produce/record-encoder.ts'
import { PATIENCE, patiently } from './patience.ts'

export interface WriterParts {
  /** Its connections are the writer's alone, and end with it. */
  readonly cluster: KafkaCluster
  readonly compression: Compression
  readonly clock: Clock
  readonly signal: AbortSignal
}

export interface Outgoing {
  readonly letter: Letter
  readonly destination: Destination
}

/** Sends letters to the topics they belong to. The producer under it never gives up; a command does. */
export class ReplayWriter {
  readonly #parts: WriterParts
  readonly #producers = new Map<string, Producer>()
  readonly #missing = new Set<string>()
  readonly #sticky = new StickyPartition()
  readonly #failed = Promise.withResolvers<never>()
  #timer: Timer | null = null

  constructor(parts: WriterParts) {
    this.#parts = parts
    // Whoever waits for a write is told; nobody may be waiting.
    this.#failed.promise.catch(() => undefined)
  }

  /** Whether the topic is there. Rejects as `patiently`. */
  async exists(topic: string): Promise<boolean> {
    if (this.#producers.has(topic)) return true
    if (this.#missing.has(topic)) return false
    const { cluster, compression, clock, signal } = this.#parts
    const encode = recordEncoder(compression)
    const producer = new Producer({ cluster, topic, encode, clock, log: this.#log })
    const lookAgain = (): Promise<void> => Promise.resolve()
    const there = await patiently({ clock, signal, lookAgain }, `cannot look at topic ${topic}`, async () => {
      await producer.topics.refresh()
      const refused = producer.topics.problemOf(topic)
      if (refused && !isMissing(refused.type)) throw refused
      return refused === null
    })
    if (there) this.#producers.set(topic, producer)
    else this.#missing.add(topic)
    return there
  }

  /**
   * Resolves, when all in-sync replicas have the letters, with those that their topic refuses for their size. Topics
   * have been asked for with `exists`. Throws AgentError FAILED where only a person can help, UNAVAILABLE when nothing
   * could be stored for 30 s.
   */
  async send(outgoing: readonly Outgoing[]): Promise<ReadonlySet<Letter>> {
    const byTopic = Map.groupBy(outgoing, ({ destination }) => destination.topic)
    const writes = [...byTopic].flatMap(([topic, list]) => this.#write(topic, list))
    return new Set((await Promise.race([Promise.all(writes), this.#failed.promise])).flat())
  }

  close(): void {
    this.#timer?.cancel()
    for (const producer of this.#producers.values()) producer.close()
    this.#parts.cluster.close()
  }

  #write(topic: string, outgoing: readonly Outgoing[]): Promise<Letter[]>[] {
    const producer = this.#producers.get(topic)
    if (!producer) throw new TypeError(`topic ${topic} was not asked for`)
    const count = Math.max(1, producer.topics.find(topic)?.partitions.length ?? 1)
    const keyless = this.#sticky.next(count)
    const places = Map.groupBy(outgoing, ({ letter, destination }) => {
      if (destination.partition !== null && destination.partition < count) return destination.partition
      return letter.key ? partitionForKey(letter.key, count) : keyless
    })
    return [...places].map(async ([partition, list]) => {
      const records = list.map(({ letter: { key, value, headers }, destination: { timestamp } }) => ({
        key,
        value,
        headers,
        timestamp,
      }))
      const refusals = await producer.write({ topic, partition }, keyedValues(partition, records))
      return refusals.flatMap(({ index }) => list.slice(index, index + 1).map(({ letter }) => letter))
    })
  }

  readonly #log: KafkaLog = (level, message, { event }) => {
    if (event === 'kafka.sink-over') {
      this.#timer?.cancel()
      this.#timer = null
    } else if (event === 'kafka.sink' && level === 'error') {
      this.#failed.reject(new AgentError('FAILED', message))
    } else if (event === 'kafka.sink') {
      const giveUp = (): void => this.#failed.reject(new AgentError('UNAVAILABLE', message))
      this.#timer ??= this.#parts.clock.arm(PATIENCE, giveUp)
    }
  }
}

const isMissing = (type: string): boolean => type === 'UNKNOWN_TOPIC_OR_PARTITION' || type === 'INVALID_TOPIC_EXCEPTION'
