// What the tests of this folder share: a source with a receiver that keeps what it gets, on the real broker.
import type { TestContext } from 'node:test'
import type { Kafka } from 'kafkajs'
import type { LineBatch, TopicPartition } from '../../src/domain/stream/line-batch.ts'
import { lineAt } from '../../src/domain/stream/lines.ts'
import type { Clock, RecordConsumer } from '../../src/engine/ports.ts'
import { KafkaJsSource, type SourceSettings } from '../../src/kafka/kafkajs-source.ts'
import type { KafkaLog, LogFields, LogLevel } from '../../src/kafka/log.ts'
import { createKafka, type KafkaOptions } from '../../src/kafka/options.ts'
import { brokerAddress } from '../support/kafka.ts'

export const clock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  arm: (after, fire) => {
    const timer = setTimeout(fire, after)
    return { cancel: () => clearTimeout(timer) }
  },
}

export interface LogLine {
  readonly level: LogLevel
  readonly message: string
  readonly fields: LogFields
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
  groupId: 'unused',
  tls: false,
  sasl: null,
  sessionTimeoutMs: 10_000,
  compression: 'none',
  ...over,
})

export const kafkaFor = (lines: Lines, brokers: readonly string[] = [brokerAddress()]): Kafka =>
  createKafka(optionsFor(brokers), lines.log, clock)

export class Receiver implements RecordConsumer {
  readonly batches: LineBatch[] = []
  readonly assignments: (TopicPartition & { epoch: number })[][] = []
  readonly revocations: TopicPartition[][] = []
  /** Awaited before a batch is taken. */
  hold: (batch: LineBatch) => Promise<void> = () => Promise.resolve()
  onRevoked: () => Promise<void> = () => Promise.resolve()

  async batch(batch: LineBatch): Promise<void> {
    await this.hold(batch)
    this.batches.push(batch)
  }

  assigned(partitions: readonly (TopicPartition & { epoch: number })[]): void {
    this.assignments.push([...partitions])
  }

  revoked(partitions: readonly TopicPartition[]): Promise<void> {
    this.revocations.push([...partitions])
    return this.onRevoked()
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
  readonly source: KafkaJsSource
  readonly receiver: Receiver
  readonly lines: Lines
}

/** A started source; closed after the test. */
export async function startSource(
  t: TestContext,
  settings: Pick<SourceSettings, 'groupId' | 'topics'> & Partial<SourceSettings>,
  receiver = new Receiver(),
): Promise<Running> {
  const lines = new Lines()
  const source = new KafkaJsSource({
    kafka: kafkaFor(lines),
    from: 'earliest',
    sessionTimeoutMs: 10_000,
    clock,
    log: lines.log,
    ...settings,
  })
  t.after(() => source.close())
  await source.start(receiver)
  return { source, receiver, lines }
}
