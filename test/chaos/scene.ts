// What a chaos run happens to: topics full of numbered records, a workspace with its run document, and agents in one
// consumer group; a broker and a Consul agent of its own where they are to be stopped.
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { Workspace } from '../fixtures/e2e-consul.ts'
import { noLag } from '../fixtures/e2e-stream.ts'
import type { TestAgent } from '../support/agent.ts'
import { sharedConsul, startOwnConsul, type OwnConsul } from '../support/consul.ts'
import { TestKafka } from '../support/kafka.ts'
import { ownKafka, type OwnKafka } from '../support/own-kafka.ts'
import { tempDir } from '../support/temp.ts'
import { readable } from '../support/transactions.ts'
import { waitFor } from '../support/wait-for.ts'
import { Accounting, keyOf, valueOf, type Account } from './accounting.ts'
import type { Delivery, Protocol } from './judgement.ts'
import { Pace } from './pace.ts'

const PARTITIONS = 3
/** Lines a second that one Calculator answers at most while faults come. */
export const RATE = 2_500
export const CHECKPOINT_SECONDS = 1

export interface SceneOptions {
  readonly seed: number
  readonly protocol: Protocol
  readonly delivery: Delivery
  readonly records: number
  /** The broker and the Consul agent may be stopped and killed. */
  readonly ownServices: boolean
  /** The agent under test; absent: the binary, or the sources. */
  readonly command?: readonly [string, ...string[]]
}

interface Topics {
  readonly input: string
  readonly output: string
  readonly letters: string
  readonly group: string
}

export class Scene {
  /** Null: those of the test run, which others use too. */
  readonly broker: OwnKafka | null
  readonly consul: OwnConsul | null
  /** Every agent that ever ran, in the order of their starts. */
  readonly agents: TestAgent[] = []
  readonly #options: SceneOptions
  readonly #kafka: TestKafka
  readonly #space: Workspace
  readonly #topics: Topics
  readonly #pace: Pace
  #revision = 0

  private constructor(
    options: SceneOptions,
    broker: OwnKafka | null,
    consul: OwnConsul | null,
    kafka: TestKafka,
    space: Workspace,
    topics: Topics,
    folder: string,
  ) {
    this.broker = broker
    this.consul = consul
    this.#options = options
    this.#kafka = kafka
    this.#space = space
    this.#topics = topics
    this.#pace = new Pace(folder, RATE)
  }

  /** With all records in the input topic and the run document at its key; no agent runs yet. */
  static async set(t: TestContext, options: SceneOptions): Promise<Scene> {
    const broker = options.ownServices ? await ownKafka(t) : null
    const [consul] = await Promise.all([broker && startOwnConsul(t, { persist: true }), broker?.start()])
    const kafka = new TestKafka(t, broker?.broker)
    const space = new Workspace(t, kafka, consul ?? sharedConsul())
    const [input, output] = [kafka.topicName('input'), kafka.topicName('output')]
    const topics = { input, output, letters: `${output}.dead-letter`, group: kafka.groupId() }
    // A broker that has just begun may name a topic before it knows it.
    const create = (name: string, partitions: number): Promise<string> =>
      waitFor(`topic ${name}`, () => kafka.createTopic(partitions, { name }), { every: 100 })
    await Promise.all([create(input, PARTITIONS), create(output, PARTITIONS), create(topics.letters, 1)])
    const scene = new Scene(options, broker, consul, kafka, space, topics, tempDir(t))
    await kafka.produce(
      input,
      Array.from({ length: options.records }, (_, index) => {
        const partition = index % PARTITIONS
        return { partition, key: keyOf(partition), value: valueOf(partition, Math.floor(index / PARTITIONS)) }
      }),
    )
    await scene.publish()
    return scene
  }

  /** Another agent of the workspace. */
  async start(instance: string): Promise<TestAgent> {
    const { delivery, command } = this.#options
    const agent = await this.#space.start(
      {
        INSTANCE_ID: instance,
        KAFKA_CONSUMER_GROUP: this.#topics.group,
        KAFKA_SESSION_TIMEOUT: '6s',
        CHECKPOINT_INTERVAL: `${CHECKPOINT_SECONDS}s`,
        LOG_LEVEL: 'info',
        ...(delivery !== 'at-least-once' && { DELIVERY: delivery }),
      },
      command ? { command } : {},
    )
    this.agents.push(agent)
    return agent
  }

  /** A new run document: the same streams, another argument of the Calculator. Consul may be away for a while. */
  async publish(): Promise<void> {
    const { seed, protocol } = this.#options
    const args = [join(import.meta.dirname, 'calculator.py'), this.#pace.file, seed, ++this.#revision].map(String)
    const document = {
      input: { topics: [this.#topics.input] },
      output: { topic: this.#topics.output, format: 'raw' as const },
      calculator: { bin: 'python3', args, protocol },
    }
    await waitFor('a run document in Consul', () => this.#space.publish(document), { timeout: 60_000, every: 200 })
  }

  /** Lines a second that every Calculator answers at most; 0: as fast as it can. */
  pace(rate: number): void {
    this.#pace.set(rate)
  }

  /** Resolves when so many records came out. */
  flows(records: number): Promise<void> {
    return this.#kafka.waitForRecords(this.#topics.output, records, 60_000)
  }

  /** Records that are not committed; null while the broker does not tell. */
  lag(): Promise<number | null> {
    return this.#kafka.lag(this.#topics.group, this.#topics.input).catch(() => null)
  }

  /** Resolves when everything is committed. */
  done(timeoutMs: number): Promise<void> {
    return noLag(this.#kafka, this.#topics.group, this.#topics.input, timeoutMs)
  }

  /** Reads what came out, and accounts for every record. */
  async account(): Promise<Account> {
    if (this.#options.delivery === 'exactly-once') {
      await readable(this.#kafka.broker, this.#topics.output)
      await readable(this.#kafka.broker, this.#topics.letters)
    }
    const sent = await this.#kafka.endOffsets(this.#topics.input)
    const accounting = new Accounting(sent, this.#options.protocol === 'one-to-one')
    await this.#kafka.eachRecord(this.#topics.output, (record) => accounting.answer(record))
    await this.#kafka.eachRecord(this.#topics.letters, (record) => accounting.deadLetter(record))
    return accounting.account()
  }
}
