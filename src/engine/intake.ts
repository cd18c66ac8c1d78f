// Where records come in: framed into lines, given their place in the window, and queued for the child.
import { frame, needsFraming } from '../domain/stream/framing.ts'
import { sliceBatch, type LineBatch, type TopicPartition } from '../domain/stream/line-batch.ts'
import { startOfLine } from '../domain/stream/lines.ts'
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

/** Records that are looked at one by one are taken in such slices: the loop has other work, too. */
const SLICE_BYTES = 256 * 1024

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
    if (!needsFraming(batch, this.#parts)) {
      await this.#push(batch)
      return
    }
    for (let from = 0, to = 0; to < batch.count || to === 0; from = to) {
      to = sliceEnd(batch, from)
      const goesOn = await this.#frame(from === 0 && to === batch.count ? batch : sliceBatch(batch, from, to))
      if (!goesOn || to >= batch.count) return
      await new Promise<void>((resolve) => void this.#parts.clock.arm(0, resolve))
    }
  }

  async #frame(batch: LineBatch): Promise<boolean> {
    const { lines, refused } = frame(batch, this.#parts, unwrap)
    if (refused.length > 0) {
      const letters = refused.map((refusal) => refusedInputLetter(batch, refusal))
      await this.#hooks.letters().write(letters)
      this.#report.deadLettered(letters)
    }
    return this.#push(lines)
  }

  /** False when the lines are not wanted any more. */
  async #push(lines: LineBatch): Promise<boolean> {
    const bytes = lines.bytes.length
    if (!(await this.#window.take(bytes))) return false
    const isWanted = this.#book.accepts(lines)
    if (isWanted) this.#feeder.push(lines)
    else this.#window.release(bytes)
    return isWanted
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

/** The end of a slice that begins with record `from` and holds one record at least. */
function sliceEnd(batch: LineBatch, from: number): number {
  const limit = startOfLine(batch, from) + SLICE_BYTES
  if (batch.bytes.length <= limit) return batch.count
  let to = from + 1
  while (to < batch.count && (batch.ends[to] ?? 0) <= limit) to++
  return to
}
