// Where records come in: framed into lines, given their place in the window, and queued for the child.
import { frame } from '../domain/stream/framing.ts'
import type { LineBatch, TopicPartition } from '../domain/stream/line-batch.ts'
import type { ByteWindow } from '../domain/stream/window.ts'
import type { Millis } from '../domain/time.ts'
import { unwrap } from '../wire/cloud-event.ts'
import type { Feeder } from './feeder.ts'
import type { Lane } from './lane.ts'
import { refusedInputLetter } from './letters.ts'
import type { PartitionBook } from './partition-book.ts'
import type { DeadLetterSink, RecordConsumer } from './ports.ts'
import type { StreamParts } from './stream-parts.ts'
import type { StreamReport } from './stream-report.ts'

export interface IntakeHooks {
  letters(): DeadLetterSink
  lane(): Lane | null
  drain(limit: Millis): Promise<void>
  ended(): void
}

export class Intake implements RecordConsumer {
  readonly #parts: StreamParts
  readonly #book: PartitionBook
  readonly #window: ByteWindow
  readonly #feeder: Feeder
  readonly #report: StreamReport
  readonly #hooks: IntakeHooks
  #over = false

  constructor(
    parts: StreamParts,
    book: PartitionBook,
    window: ByteWindow,
    feeder: Feeder,
    report: StreamReport,
    hooks: IntakeHooks,
  ) {
    this.#parts = parts
    this.#book = book
    this.#window = window
    this.#feeder = feeder
    this.#report = report
    this.#hooks = hooks
  }

  /** A local source came to its end. */
  get over(): boolean {
    return this.#over
  }

  async batch(batch: LineBatch): Promise<void> {
    if (!this.#book.accepts(batch)) return
    this.#report.fetched(batch)
    const { lines, refused } = frame(batch, this.#parts, unwrap)
    if (refused.length > 0) {
      const letters = refused.map((refusal) => refusedInputLetter(batch, refusal))
      await this.#hooks.letters().write(letters)
      this.#report.deadLettered(letters)
    }
    const bytes = lines.bytes.length
    if (!(await this.#window.take(bytes))) return
    if (this.#book.accepts(lines)) this.#feeder.push(lines)
    else this.#window.release(bytes)
  }

  assigned(partitions: readonly (TopicPartition & { readonly epoch: number })[]): void {
    const at = this.#parts.clock.now()
    for (const { topic, partition, epoch } of partitions) {
      // What is still with the child was fetched under an older epoch: whoever owns the partition reads it again.
      this.#hooks.lane()?.fifo.forget(topic, partition)
      this.#book.assign({ topic, partition }, epoch, at)
    }
    this.#feeder.purge()
  }

  async revoked(partitions: readonly TopicPartition[]): Promise<void> {
    this.#feeder.hold('rebalance')
    await this.#hooks.drain(this.#parts.adoptionGraceMs)
    for (const { topic, partition } of partitions) this.#hooks.lane()?.fifo.forget(topic, partition)
    this.#book.drop(partitions)
    this.#feeder.purge()
    this.#feeder.letGo('rebalance')
  }

  ended(): void {
    this.#over = true
    this.#hooks.ended()
  }
}
