// A real broker (TEST_KAFKA=host:port) for tests: topics and consumer groups that are gone afterwards, and plain
// writing and reading with kafkajs alone, so that a fault of ours cannot hide itself.
import { randomUUID } from 'node:crypto'
import process from 'node:process'
import type { TestContext } from 'node:test'
import './kafkajs-aborted.ts'
import './kafkajs-throttling.ts'
import { Kafka, logLevel, Partitioners, type Admin, type IHeaders, type Message } from 'kafkajs'
import { waitFor } from './wait-for.ts'

export interface TestRecord {
  readonly value: Buffer | string | null
  readonly key?: Buffer | string | null
  readonly headers?: Readonly<Record<string, Buffer | string | (Buffer | string)[]>>
  /** Default: by key, else round robin. */
  readonly partition?: number
  /** Ms since the epoch. */
  readonly timestamp?: number
}

export interface ReadRecord {
  readonly partition: number
  readonly offset: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: IHeaders
  readonly timestamp: number
}

/** Ms; kafkajs's own are 1 s for a connection, and 5 s for a broker that makes or deletes topics. */
const PATIENCE = 30_000
const SEND_RECORDS = 400
const SEND_BYTES = 400 * 1024

export const brokerAddress = (): string => {
  const address = process.env['TEST_KAFKA']
  if (address === undefined) throw new Error('cannot test without a broker: set TEST_KAFKA=host:port, or use npm test')
  return address
}

export class TestKafka {
  readonly broker: string
  readonly kafka: Kafka
  readonly #topics = new Set<string>()
  readonly #groups = new Set<string>()
  #admin: Promise<Admin> | null = null

  /** `own`: `host:port[,host:port…]` of brokers that go with all their data when the test ends. */
  constructor(t: TestContext, own?: string) {
    this.broker = own ?? brokerAddress()
    this.kafka = new Kafka({
      ...{ clientId: 'test', brokers: this.broker.split(','), logLevel: logLevel.NOTHING },
      ...{ connectionTimeout: PATIENCE, authenticationTimeout: PATIENCE },
    })
    t.after(async () => (own === undefined ? this.#cleanUp() : (await this.#admin)?.disconnect()))
  }

  /** A name that no topic has yet; a topic of that name is deleted after the test, whoever made it. */
  topicName(word = 'topic'): string {
    const name = `${word}-${randomUUID().slice(0, 8)}`
    this.#topics.add(name)
    return name
  }

  async createTopic(
    numPartitions = 1,
    { name = this.topicName(), config = {} }: { name?: string; config?: Readonly<Record<string, string>> } = {},
  ): Promise<string> {
    this.#topics.add(name)
    const configEntries = Object.entries(config).map(([key, value]) => ({ name: key, value }))
    const admin = await this.admin()
    // kafkajs's own wait for leaders gives up where the broker does not show the new topic yet; and a leader that is
    // shown may not have its replica yet: a send would then fail in part, and kafkajs repeat the part that did not.
    const topics = [{ topic: name, numPartitions, configEntries }]
    await admin.createTopics({ topics, waitForLeaders: false, timeout: PATIENCE })
    const answers = async (): Promise<boolean> => (await admin.fetchTopicOffsets(name)).length === numPartitions
    await waitFor(`all partitions of ${name} answer`, answers)
    return name
  }

  groupId(word = 'group'): string {
    const id = `${word}-${randomUUID().slice(0, 8)}`
    this.#groups.add(id)
    return id
  }

  admin(): Promise<Admin> {
    return (this.#admin ??= (async () => {
      const admin = this.kafka.admin()
      await admin.connect()
      return admin
    })())
  }

  /** In the order given, within each partition; resolves when all are acknowledged. */
  async produce(topic: string, records: Iterable<TestRecord>): Promise<void> {
    const producer = this.kafka.producer({
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      // What is sent again because an answer was late is there once.
      ...{ idempotent: true, maxInFlightRequests: 1, retry: { retries: 5 } },
    })
    await producer.connect()
    try {
      let messages: Message[] = []
      let bytes = 0
      const flush = async (): Promise<void> => {
        if (messages.length > 0) await producer.send({ topic, messages, acks: -1 })
        messages = []
        bytes = 0
      }
      for (const record of records) {
        const size = record.value?.length ?? 0
        if (messages.length >= SEND_RECORDS || bytes + size > SEND_BYTES) await flush()
        messages.push(toMessage(record))
        bytes += size
      }
      await flush()
    } finally {
      await producer.disconnect()
    }
  }

  /** One past the last offset, per partition. */
  async endOffsets(topic: string): Promise<number[]> {
    const offsets: number[] = []
    for (const { partition, high } of await (await this.admin()).fetchTopicOffsets(topic))
      offsets[partition] = Number(high)
    return offsets
  }

  /** Resolves when the topic holds at least `count` records (offsets, in all partitions); the time in ms. */
  async waitForRecords(topic: string, count: number, timeout = 60_000): Promise<void> {
    const enough = async (): Promise<boolean> => (await this.endOffsets(topic)).reduce((a, b) => a + b, 0) >= count
    await waitFor(`${count} records in ${topic}`, enough, { timeout, every: 100 })
  }

  /** Committed offset per partition; null where there is none. */
  async committed(groupId: string, topic: string): Promise<(number | null)[]> {
    const committed: (number | null)[] = []
    for (const { partitions } of await (await this.admin()).fetchOffsets({ groupId, topics: [topic] })) {
      for (const { partition, offset } of partitions) committed[partition] = Number(offset) < 0 ? null : Number(offset)
    }
    return committed
  }

  /** Records that the consumer group has not committed. */
  async lag(groupId: string, topic: string): Promise<number> {
    const [ends, committed] = await Promise.all([this.endOffsets(topic), this.committed(groupId, topic)])
    return ends.reduce((sum, end, partition) => sum + end - (committed[partition] ?? 0), 0)
  }

  /** Everything the topic holds at this moment, ordered by partition, then offset. */
  async readTopic(topic: string): Promise<ReadRecord[]> {
    const records: ReadRecord[] = []
    await this.eachRecord(topic, (record) => records.push(record))
    return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset)
  }

  /**
   * Calls `visit` for everything the topic holds at this moment, in the order of each partition. Buffers are views of
   * larger ones: copy what is kept of many large records.
   */
  async eachRecord(topic: string, visit: (record: ReadRecord) => unknown): Promise<void> {
    const pending = new Map<number, number>()
    for (const { partition, low, high } of await (await this.admin()).fetchTopicOffsets(topic)) {
      if (Number(high) > Number(low)) pending.set(partition, Number(high))
    }
    if (pending.size === 0) return
    const { promise: complete, resolve, reject } = Promise.withResolvers<undefined>()
    const groupId = this.groupId('reader')
    // A coordinator that has just come up loads its groups first, and kafkajs does not wait for that.
    const coordinator = async (): Promise<boolean> =>
      (await (await this.admin()).describeGroups([groupId])).groups.length === 1
    await waitFor(`the coordinator of ${groupId}`, coordinator)
    const consumer = this.kafka.consumer({
      groupId,
      maxWaitTimeInMs: 50,
      allowAutoTopicCreation: false,
      retry: { restartOnFailure: () => Promise.resolve(false) },
    })
    // This event comes for batches of control records too, which eachBatch never sees.
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      if (Number(payload.lastOffset) + 1 >= (pending.get(payload.partition) ?? Infinity))
        pending.delete(payload.partition)
      if (pending.size === 0) resolve(undefined)
    })
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
    try {
      await consumer.connect()
      await consumer.subscribe({ topics: [topic], fromBeginning: true })
      await consumer.run({
        autoCommit: false,
        eachBatch: ({ batch }) => {
          const end = pending.get(batch.partition) ?? 0
          for (const { offset, key, value, headers, timestamp } of batch.messages) {
            if (Number(offset) >= end) break
            const { partition } = batch
            const fields = { partition, offset: Number(offset), headers: headers ?? {}, timestamp: Number(timestamp) }
            visit({ ...fields, key, value })
          }
          return Promise.resolve()
        },
      })
      await complete
    } finally {
      await consumer.disconnect()
    }
  }

  async #cleanUp(): Promise<void> {
    const admin = await this.admin()
    try {
      const existing = new Set(await admin.listTopics())
      const topics = [...this.#topics].filter((topic) => existing.has(topic))
      if (topics.length > 0) await admin.deleteTopics({ topics, timeout: PATIENCE })
      // A group that is still in use, or that nothing was ever committed to, goes by itself.
      if (this.#groups.size > 0) await admin.deleteGroups([...this.#groups]).catch(() => undefined)
    } finally {
      await admin.disconnect()
    }
  }
}

function toMessage({ value, key = null, headers, partition, timestamp }: TestRecord): Message {
  return {
    value,
    key,
    ...(headers && { headers }),
    ...(partition !== undefined && { partition }),
    ...(timestamp !== undefined && { timestamp: String(timestamp) }),
  }
}
