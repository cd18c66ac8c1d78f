// A consumer that keeps what it is given and takes as long as the test likes.
import type { LineBatch, TopicPartition } from '../../src/domain/stream/line-batch.ts'
import { lineAt } from '../../src/domain/stream/lines.ts'
import type { RecordConsumer } from '../../src/engine/ports.ts'

export class Collector implements RecordConsumer {
  readonly batches: LineBatch[] = []
  partitions: readonly TopicPartition[] = []
  isEnded = false
  room: Promise<void> = Promise.resolve()
  readonly #end = Promise.withResolvers<undefined>()

  get end(): Promise<undefined> {
    return this.#end.promise
  }

  batch(batch: LineBatch): Promise<void> {
    this.batches.push(batch)
    return this.room
  }

  assigned(partitions: readonly TopicPartition[]): void {
    this.partitions = partitions
  }

  revoked(): Promise<void> {
    return Promise.resolve()
  }

  ended(): void {
    this.isEnded = true
    this.#end.resolve(undefined)
  }

  get lines(): string[] {
    return this.batches.flatMap((batch) =>
      Array.from({ length: batch.count }, (_, index) => Buffer.from(lineAt(batch, index)).toString('latin1')),
    )
  }
}
