// Numbered records at a steady pace into the partitions of a topic, whatever happens to its brokers, and the count of
// what came out of them.
import type { TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { Partitioners, type Message } from 'kafkajs'
import type { TestKafka } from './kafka.ts'
import { waitFor } from './wait-for.ts'

export interface FeedOptions {
  readonly partitions: readonly number[]
  /** Records in a second, in all partitions together. */
  readonly pace: number
}

const TICK = 25
/** A feed that was held up does not make good for all of it at once. */
const MOST_AT_ONCE = 4_000

/** `topic partition number`, the number counting from 0 in each partition. */
export class NumberedFeed {
  readonly topic: string
  /** Records that the brokers have acknowledged, by partition. */
  readonly sent = new Map<number, number>()
  /** Sends that failed and were made again: their records may be in the topic twice. */
  repeats = 0
  readonly #options: FeedOptions
  readonly #over = new AbortController()
  readonly #done: Promise<void>

  /** Begins at once, and ends with the test at the latest. */
  constructor(t: TestContext, kafka: TestKafka, topic: string, options: FeedOptions) {
    this.topic = topic
    this.#options = options
    this.#done = this.#run(kafka)
    t.after(() => this.stop())
  }

  get total(): number {
    return [...this.sent.values()].reduce((sum, each) => sum + each, 0)
  }

  /** Resolves when the last record is stored, or cannot be stored at this moment. */
  async stop(): Promise<void> {
    this.#over.abort()
    await this.#done
  }

  async #run(kafka: TestKafka): Promise<void> {
    const { signal } = this.#over
    const over = (): boolean => signal.aborted
    const producer = kafka.kafka.producer({
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      // When a leader changes between two tries of its own, kafkajs takes the answer of one partition for another's.
      retry: { retries: 0 },
    })
    await waitFor('a connection of the feed', () => over() || producer.connect().then(() => true))
    try {
      for (let at = performance.now(); !over(); at = performance.now()) {
        const due = Math.min(MOST_AT_ONCE, (this.#options.pace * TICK) / 1000)
        await this.#store(this.#next(due), (messages) => producer.send({ topic: this.topic, messages, acks: -1 }))
        await pause(Math.max(0, TICK - (performance.now() - at)))
      }
    } finally {
      await producer.disconnect()
    }
  }

  #next(count: number): Message[] {
    const { partitions } = this.#options
    const each = Math.ceil(count / partitions.length)
    return partitions.flatMap((partition) => {
      const first = this.sent.get(partition) ?? 0
      return Array.from({ length: each }, (_, i) => ({ partition, value: `${this.topic} ${partition} ${first + i}` }))
    })
  }

  async #store(messages: Message[], send: (messages: Message[]) => Promise<unknown>): Promise<void> {
    for (;;) {
      try {
        await send(messages)
        break
      } catch {
        if (this.#over.signal.aborted) return
        this.repeats++
        await pause(100)
      }
    }
    for (const { partition = 0 } of messages) this.sent.set(partition, (this.sent.get(partition) ?? 0) + 1)
  }
}

/** What came out of one partition of one feed. */
export interface Lane {
  readonly counts: number[]
  /** Times in ms, by number; of the first one, where a record came more than once. */
  readonly times: number[]
  records: number
  /** Records that came after one of a higher number. */
  backwards: number
  last: number
}

export class Tally {
  readonly #lanes = new Map<string, Lane>()

  add(value: Buffer | null, timestamp = 0): void {
    const text = String(value)
    const blank = text.lastIndexOf(' ')
    const lane = this.#lane(text.slice(0, blank))
    const number = Number(text.slice(blank + 1))
    if (lane.counts[number] === undefined) lane.times[number] = timestamp
    lane.counts[number] = (lane.counts[number] ?? 0) + 1
    lane.records++
    if (number < lane.last) lane.backwards++
    lane.last = number
  }

  lane(topic: string, partition: number): Lane {
    return this.#lane(`${topic} ${partition}`)
  }

  /** How many records of the feed did not come out, and how many came more than once. */
  compare({ topic, sent }: NumberedFeed): { readonly missing: number; readonly repeated: number } {
    let [missing, repeated] = [0, 0]
    for (const [partition, count] of sent) {
      const { counts } = this.lane(topic, partition)
      for (let number = 0; number < count; number++) {
        const found = counts[number] ?? 0
        if (found === 0) missing++
        else repeated += found - 1
      }
    }
    return { missing, repeated }
  }

  #lane(name: string): Lane {
    const known = this.#lanes.get(name)
    if (known) return known
    const lane: Lane = { counts: [], times: [], records: 0, backwards: 0, last: -1 }
    this.#lanes.set(name, lane)
    return lane
  }
}

/** Everything that the topic holds at this moment. */
export async function tallyOf(kafka: TestKafka, topic: string): Promise<Tally> {
  const tally = new Tally()
  await kafka.eachRecord(topic, ({ value, timestamp }) => tally.add(value, timestamp))
  return tally
}
