import type { Clock } from '../../engine/ports.ts'
import type { Compression } from '../../wire/record-batch/compression.ts'
import type { KafkaCluster } from '../cluster.ts'
import { createCluster, type KafkaOptions } from '../options.ts'
import { ReplayJournal } from './journal.ts'
import { ReplayWriter } from './replay-writer.ts'
import { DeadLetterTopic } from './topic.ts'

export interface BoxSettings {
  readonly kafka: Omit<KafkaOptions, 'clientId'> & { readonly compression: Compression }
  readonly topic: string
  readonly clock: Clock
  /** Ends reading. */
  readonly signal: AbortSignal
}

/** A dead-letter topic with all that is done with it, over connections of its own. */
export class DeadLetterBox {
  /** For everything but writing. */
  readonly cluster: KafkaCluster
  readonly topic: DeadLetterTopic
  readonly journal: ReplayJournal
  readonly writer: ReplayWriter

  constructor({ kafka, topic, clock, signal }: BoxSettings) {
    const { brokers, compression } = kafka
    // What is wrong is told by the errors that end a command.
    const cluster = (): KafkaCluster => createCluster({ ...kafka, clientId: 'pidpiper-dlq' }, () => undefined, clock)
    this.cluster = cluster()
    this.topic = new DeadLetterTopic({ cluster: this.cluster, brokers, topic, clock, signal })
    this.journal = new ReplayJournal(topic, this.cluster, clock)
    this.writer = new ReplayWriter({ cluster: cluster(), compression, clock, signal })
  }

  /** Rejects as DeadLetterTopic.open. */
  open(): Promise<void> {
    return this.topic.open()
  }

  close(): void {
    this.writer.close()
    this.cluster.close()
  }
}
