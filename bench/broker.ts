// The broker that all contenders share: the one at TEST_KAFKA, or one of our own with fresh data on free ports.
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { Kafka, logLevel, type Admin } from 'kafkajs'
import { freePorts } from '../test/support/ports.ts'
import { missingTools } from '../test/testbed/tools.ts'
import type { Streams } from './contender.ts'
import { record } from './records.ts'

const PER_SEND = 500

export interface Broker {
  /** `host:port`. */
  readonly address: string
  stop(): Promise<void>
}

export async function startBroker(): Promise<Broker> {
  const given = process.env['TEST_KAFKA']
  if (given !== undefined) return { address: given, stop: () => Promise.resolve() }
  const missing = missingTools('kafka')
  if (missing.length > 0) {
    throw new Error(`cannot start Kafka: install ${missing.join('; ')}; or set TEST_KAFKA=host:port`)
  }
  const port = await freePorts(2)
  const data = mkdtempSync(join(tmpdir(), 'pidpiper-bench-'))
  const at = ['--port', String(port), '--data', data]
  const stop = async (): Promise<void> => {
    await script('stop-kafka', at)
    rmSync(data, { recursive: true, force: true })
  }
  try {
    await script('start-kafka', [...at, '--ready'])
  } catch (cause) {
    await stop()
    throw cause
  }
  return { address: `127.0.0.1:${port}`, stop }
}

/** Its stdout would stand between the results: they are for machines too. */
async function script(name: string, args: readonly string[]): Promise<void> {
  const path = join(import.meta.dirname, '../test/testbed', name)
  // A session of its own: an interrupt from the terminal is ours to answer, and stop-kafka must still run then.
  const child = spawn(path, args, { stdio: ['ignore', 'ignore', 'inherit'], detached: true })
  const [code] = (await once(child, 'exit')) as [number | null]
  if (code !== 0) throw new Error(`cannot run ${name}: it ended with ${code ?? 'a signal'}; its output is above`)
}

/** Topics of one partition and their contents; whatever it made is gone after `close`. */
export class Topics {
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

  async create(word: string): Promise<string> {
    const topic = `bench-${word}-${randomUUID().slice(0, 8)}`
    this.#made.add(topic)
    await this.#admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true })
    return topic
  }

  group(): string {
    const group = `bench-${randomUUID().slice(0, 8)}`
    this.#groups.add(group)
    return group
  }

  /** A new output topic and consumer group for `input`. */
  async streams(input: string): Promise<Streams> {
    return { broker: this.broker, input, output: await this.create('out'), group: this.group() }
  }

  async fill(topic: string, records: number): Promise<void> {
    const producer = this.kafka.producer({ allowAutoTopicCreation: false })
    await producer.connect()
    for (let first = 0; first < records; first += PER_SEND) {
      const length = Math.min(PER_SEND, records - first)
      await producer.send({
        topic,
        messages: Array.from({ length }, (_, i) => ({ value: record(first + i) })),
        acks: -1,
      })
    }
    await producer.disconnect()
  }

  /** How many records it holds. */
  async count(topic: string): Promise<number> {
    const [partition] = await this.#admin.fetchTopicOffsets(topic)
    return Number(partition?.high ?? 0)
  }

  /** Null: nothing is committed. */
  async committed({ group, input }: Streams): Promise<number | null> {
    const [topic] = await this.#admin.fetchOffsets({ groupId: group, topics: [input] })
    const offset = Number(topic?.partitions[0]?.offset ?? -1)
    return offset < 0 ? null : offset
  }

  /** Calls `visit` with everything the topic holds at this moment. */
  async readAll(topic: string, visit: (value: Buffer | null) => void): Promise<void> {
    const end = await this.count(topic)
    if (end === 0) return
    const { promise, resolve, reject } = Promise.withResolvers<undefined>()
    const consumer = this.kafka.consumer({ groupId: this.group(), maxWaitTimeInMs: 100 })
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error))
    try {
      await consumer.connect()
      await consumer.subscribe({ topics: [topic], fromBeginning: true })
      await consumer.run({
        autoCommit: false,
        eachBatch: ({ batch }) => {
          // A value that cannot be read is the reader's news, not a reason for kafkajs to try again.
          try {
            for (const { offset, value } of batch.messages) if (Number(offset) < end) visit(value)
          } catch (error) {
            reject(error)
          }
          if (Number(batch.lastOffset()) + 1 >= end) resolve(undefined)
          return Promise.resolve()
        },
      })
      await promise
    } finally {
      await consumer.disconnect()
    }
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
