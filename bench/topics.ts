// Topics and consumer groups of the benchmark; whatever it made is gone after `close`.
import { randomUUID } from 'node:crypto'
import '../test/support/kafkajs-throttling.ts'
import { Kafka, logLevel, type Admin } from 'kafkajs'
import { waitFor } from '../test/support/wait-for.ts'
import type { Streams, Workload } from './contender.ts'

export class Topics {
  /** `host:port`. */
  readonly broker: string
  readonly kafka: Kafka
  readonly #admin: Admin
  readonly #made = new Set<string>()
  readonly #groups = new Set<string>()

  private constructor(broker: string, kafka: Kafka, admin: Admin) {
    this.broker = broker
    this.kafka = kafka
    this.#admin = admin
  }

  static async connect(broker: string): Promise<Topics> {
    const kafka = new Kafka({ clientId: 'bench', brokers: [broker], logLevel: logLevel.NOTHING })
    const admin = kafka.admin()
    await admin.connect()
    return new Topics(broker, kafka, admin)
  }

  async create(word: string, partitions: number): Promise<string> {
    const topic = `bench-${word}-${randomUUID().slice(0, 8)}`
    this.#made.add(topic)
    await this.#admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: true })
    // The metadata may tell of a leader that does not know of it yet.
    await waitFor(`an answer of ${topic}`, async () => (await this.ends(topic)).length === partitions)
    return topic
  }

  group(): string {
    const group = `bench-${randomUUID().slice(0, 8)}`
    this.#groups.add(group)
    return group
  }

  /** A new output topic and consumer group for `input`. */
  async streams(input: string, workload: Workload, http: string | null = null): Promise<Streams> {
    const output = await this.create('out', workload.partitions)
    return { broker: this.broker, input, output, group: this.group(), workload, http }
  }

  /** One past the last offset, per partition. */
  async ends(topic: string): Promise<number[]> {
    const ends: number[] = []
    for (const { partition, high } of await this.#admin.fetchTopicOffsets(topic)) ends[partition] = Number(high)
    return ends
  }

  /** How many records it holds. */
  async count(topic: string): Promise<number> {
    return sum(await this.ends(topic))
  }

  /** Records of the input that are committed, over all partitions. */
  async committed({ group, input }: Streams): Promise<number> {
    const [topic] = await this.#admin.fetchOffsets({ groupId: group, topics: [input] })
    return sum(topic?.partitions.map(({ offset }) => Math.max(0, Number(offset))) ?? [])
  }

  async delete(topic: string): Promise<void> {
    this.#made.delete(topic)
    await this.#admin.deleteTopics({ topics: [topic] })
  }

  async close(): Promise<void> {
    try {
      if (this.#made.size > 0) await this.#admin.deleteTopics({ topics: [...this.#made] })
      const known = (await this.#admin.listGroups()).groups.map(({ groupId }) => groupId)
      const ours = known.filter((group) => this.#groups.has(group))
      if (ours.length > 0) await this.#admin.deleteGroups(ours)
    } finally {
      await this.#admin.disconnect()
    }
  }
}

const sum = (values: readonly number[]): number => values.reduce((all, each) => all + each, 0)
