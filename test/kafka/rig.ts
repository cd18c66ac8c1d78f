// What the tests of this folder share: a source with a receiver that keeps what it gets, on the real broker.
import type { TestContext } from 'node:test'
import type { ISocketFactory } from 'kafkajs'
import type { Fields, Level } from '../../src/domain/events.ts'
import type { LineBatch, TopicPartition } from '../../src/domain/stream/line-batch.ts'
import { lineAt } from '../../src/domain/stream/lines.ts'
import type { Clock, RecordConsumer } from '../../src/engine/ports.ts'
import type { KafkaCluster } from '../../src/kafka/cluster.ts'
import { membershipIn, type Membership } from '../../src/kafka/group-membership.ts'
import { KafkaSink } from '../../src/kafka/kafka-sink.ts'
import { KafkaSource, type SourceSettings } from '../../src/kafka/kafka-source.ts'
import type { KafkaLog } from '../../src/kafka/log.ts'
import { createCluster, type KafkaOptions } from '../../src/kafka/options.ts'
import { systemClock } from '../../src/os/clock.ts'
import type { Compression } from '../../src/wire/record-batch/compression.ts'
import { brokerAddress, type TestKafka } from '../support/kafka.ts'
import { waitFor } from '../support/wait-for.ts'

export { systemClock as clock }

/** Ms: short enough to wait for its end; and a heartbeat, which may take a third of it, outlives a machine that stalls. */
export const SESSION = 6_000

export interface LogLine {
  readonly level: Level
  readonly message: string
  readonly fields: Fields
}

export class Lines {
  readonly all: LogLine[] = []
  readonly log: KafkaLog = (level, message, fields) => this.all.push({ level, message, fields })
  of(event: string): LogLine[] {
    return this.all.filter(({ fields }) => fields['event'] === event)
  }
}

export const optionsFor = (brokers: readonly string[], over: Partial<KafkaOptions> = {}): KafkaOptions => ({
  brokers,
  clientId: 'pidpiper-test',
  tls: false,
  sasl: null,
  ...over,
})

/** How sockets are made; default: as in production. */
export interface Wire {
  readonly socketFactory?: ISocketFactory
}

export const clusterFor = (
  lines: Lines,
  brokers: readonly string[] = [brokerAddress()],
  { socketFactory }: Wire = {},
): KafkaCluster => createCluster(optionsFor(brokers), lines.log, systemClock, socketFactory)

export class Receiver implements RecordConsumer {
  readonly batches: LineBatch[] = []
  readonly assignments: (TopicPartition & { epoch: number })[][] = []
  readonly revocations: TopicPartition[][] = []
  /** Awaited before a batch is taken. */
  hold: (batch: LineBatch) => Promise<void> = () => Promise.resolve()
  onRevoked: (gone?: AbortSignal) => Promise<void> = () => Promise.resolve()

  async batch(batch: LineBatch): Promise<void> {
    await this.hold(batch)
    this.batches.push(batch)
  }

  assigned(partitions: readonly (TopicPartition & { epoch: number })[]): void {
    this.assignments.push([...partitions])
  }

  revoked(partitions: readonly TopicPartition[], gone?: AbortSignal): Promise<void> {
    this.revocations.push([...partitions])
    return this.onRevoked(gone)
  }

  ended(): void {
    throw new Error('a topic has no end')
  }

  /** Every line so far, as `partition:offset:text`, in the order of arrival. */
  get texts(): string[] {
    return this.batches.flatMap((batch) =>
      Array.from(
        { length: batch.count },
        (_, i) => `${batch.partition}:${batch.offsets[i] ?? -1}:${Buffer.from(lineAt(batch, i)).toString()}`,
      ),
    )
  }

  get records(): number {
    return this.batches.reduce((sum, { count, tombstones }) => sum + count + tombstones, 0)
  }

  /** The epoch of a partition in the last assignment. */
  epoch(partition: number): number {
    return this.assignments.at(-1)?.find((each) => each.partition === partition)?.epoch ?? -1
  }
}

export interface Running {
  readonly source: KafkaSource
  readonly receiver: Receiver
  readonly lines: Lines
}

export interface Reading extends Pick<SourceSettings, 'topics'>, Wire {
  readonly groupId: string
  readonly from?: SourceSettings['from']
  readonly sessionTimeoutMs?: number
  /** Default: the clock of the machine. */
  readonly clock?: Clock
  /** What the source takes its membership for; default: what it is. */
  readonly membership?: (real: Membership) => Membership
}

/** A started source; closed after the test. */
export async function startSource(t: TestContext, reading: Reading, receiver = new Receiver()): Promise<Running> {
  const { groupId, topics, from = 'earliest', sessionTimeoutMs = 10_000, clock = systemClock, ...wire } = reading
  const membership = reading.membership ?? ((real: Membership): Membership => real)
  const lines = new Lines()
  const cluster = (): KafkaCluster => clusterFor(lines, undefined, wire)
  const source = new KafkaSource({
    cluster: cluster(),
    topics,
    from,
    join: (owner) => {
      const settings = { groupId, topics, protocol: 'cooperative' as const, sessionTimeoutMs }
      return membership(membershipIn(cluster, { ...settings, owner, clock, log: lines.log }))
    },
    clock,
    log: lines.log,
  })
  t.after(() => source.close())
  await source.start(receiver)
  return { source, receiver, lines }
}

/** Deletes a topic and makes it again, once the broker has done with the old one: records must not go there. */
export async function makeAnew(broker: TestKafka, topic: string, partitions = 1): Promise<void> {
  const admin = await broker.admin()
  await admin.deleteTopics({ topics: [topic], timeout: 30_000 })
  await waitFor(`${topic} is gone`, async () => !(await admin.listTopics()).includes(topic), { timeout: 30_000 })
  await broker.createTopic(partitions, { name: topic })
}

/** A sink; closed after the test. */
export function sinkFor(
  t: TestContext,
  topic: string,
  compression: Compression = 'none',
  wire: Wire = {},
): { sink: KafkaSink; lines: Lines } {
  const lines = new Lines()
  const cluster = clusterFor(lines, undefined, wire)
  const sink = new KafkaSink({ cluster, topic, compression, clock: systemClock, log: lines.log })
  t.after(() => sink.close())
  return { sink, lines }
}
