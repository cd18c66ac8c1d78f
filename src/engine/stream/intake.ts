import { frame, needsFraming } from '../../domain/stream/framing.ts'
import { heldBytes, sliceBatch, type LineBatch, type TopicPartition } from '../../domain/stream/line-batch.ts'
import { startOfLine } from '../../domain/stream/lines.ts'
import type { ByteWindow } from '../../domain/stream/window.ts'
import type { Millis } from '../../domain/time.ts'
import { unwrap } from '../../wire/cloud-event.ts'
import { enveloped } from '../../wire/input-envelope.ts'
import type { Feeder } from './feeder.ts'
import { bytesOf, type HeldLetters, type LetterAt } from './held-letters.ts'
import { LetterWriter } from './letter-writer.ts'
import { refusedInputLetter } from './letters.ts'
import type { PartitionBook } from './partition-book.ts'
import type { DeadLetterSink, RecordConsumer } from '../ports.ts'
import { wait } from '../waiting.ts'
import type { StreamParts } from './stream-parts.ts'
import type { StreamReport } from './stream-report.ts'

export interface IntakeHooks {
  /** Where letters wait for the records before them; null where they are written at once. */
  readonly held: HeldLetters | null
  /** Each record is handed over with what is known of it. */
  envelope(): boolean
  /** Records of the batch that are to be dead-lettered, and what is left of the batch; null for none. */
  spare(batch: LineBatch): { readonly letters: readonly LetterAt[]; readonly parts: readonly LineBatch[] } | null
  /** What the last owner wrote down. */
  noted(at: TopicPartition, metadata: string): void
  /** The partition is ours no more, or comes anew. */
  forget(at: TopicPartition): void
  /** One that is ours begins anew: what is in work of it belongs to a past that is no more. */
  restarting(at: TopicPartition): void
  /** Partitions are gone, and with them what was unsettled of theirs. */
  dropped(): void
  /** `gone`, once it is aborted: no longer. */
  drain(limit: Millis, gone?: AbortSignal): Promise<void>
  /** What is still open of these is committed, or comes to nothing. */
  release(partitions: readonly TopicPartition[]): Promise<void>
  ended(): void
  /** A letter can never be stored: the agent cannot go on. */
  failed(error: unknown): void
}

/** Records that are looked at one by one are taken in such slices: the loop has other work, too. */
const SLICE_BYTES = 256 * 1024

/** Where records come in: framed into lines, given their place in the window, and queued for the child. */
export class Intake implements RecordConsumer {
  readonly #parts: StreamParts
  readonly #book: PartitionBook
  readonly #window: ByteWindow
  readonly #feeder: Feeder
  readonly #report: StreamReport
  readonly #letters: LetterWriter
  readonly #hooks: IntakeHooks
  #over = false
  /** Aborted when what the source brought is not wanted any more. */
  #source = new AbortController()
  /** So many are under way. */
  #revocations = 0

  constructor(
    parts: StreamParts,
    book: PartitionBook,
    window: ByteWindow,
    feeder: Feeder,
    report: StreamReport,
    letters: DeadLetterSink,
    hooks: IntakeHooks,
  ) {
    this.#parts = parts
    this.#book = book
    this.#window = window
    this.#feeder = feeder
    this.#report = report
    this.#letters = new LetterWriter(letters)
    this.#hooks = hooks
  }

  /** Where letters go; what another sink has not stored goes to this one. */
  use(letters: DeadLetterSink): void {
    this.#letters.use(letters)
  }

  /** Another source takes over, whose epochs may be the same: nothing of the old one is taken in any more. */
  beginAnew(): void {
    this.stop()
    this.#source = new AbortController()
    this.#purge()
  }

  /** Nothing is taken in any more. */
  stop(): void {
    this.#source.abort()
  }

  /** A local source came to its end. */
  get over(): boolean {
    return this.#over
  }

  async batch(batch: LineBatch): Promise<void> {
    const { signal } = this.#source
    /** False once its partition is another's, or read again. */
    const isWanted = (): boolean => !signal.aborted && this.#book.accepts(batch)
    if (!isWanted()) return
    this.#report.fetched(batch)
    const spared = this.#hooks.spare(batch)
    const letters = await this.#bury(spared?.letters ?? [], isWanted)
    for (const part of spared?.parts ?? [batch]) await this.#take(part, lettersIn(part, letters), isWanted)
  }

  async #take(batch: LineBatch, letters: readonly LetterAt[], isWanted: () => boolean): Promise<void> {
    const isPlain = !this.#hooks.envelope() && !needsFraming(batch, this.#parts)
    if (isPlain) {
      await this.#push(batch, letters, isWanted)
      return
    }
    for (let from = 0, to = 0; to < batch.count || to === 0; from = to) {
      to = sliceEnd(batch, from)
      const slice = from === 0 && to === batch.count ? batch : sliceBatch(batch, from, to)
      const goesOn = await this.#frame(slice, lettersIn(slice, letters), isWanted)
      if (!goesOn || to >= batch.count) return
      await wait(this.#parts.clock, 0)
    }
  }

  async #frame(batch: LineBatch, letters: readonly LetterAt[], isWanted: () => boolean): Promise<boolean> {
    const { lines, refused } = this.#hooks.envelope()
      ? enveloped(batch, this.#parts.unwrap)
      : frame(batch, this.#parts, unwrap)
    const refusals = refused.map((refusal) => ({
      letter: refusedInputLetter(batch, refusal),
      offset: batch.offsets[refusal.index] ?? batch.firstOffset,
    }))
    return this.#push(lines, [...letters, ...(await this.#bury(refusals, isWanted))], isWanted)
  }

  /** Gives back those that have to wait. */
  async #bury(letters: readonly LetterAt[], isWanted: () => boolean): Promise<readonly LetterAt[]> {
    if (this.#hooks.held || letters.length === 0) return letters
    const list = letters.map(({ letter }) => letter)
    const isStored = await this.#letters.writeAtOnce(list, isWanted).catch((error: unknown) => {
      this.#hooks.failed(error)
      // What comes after them must not be taken, nor what came before them be read again: the partition stands.
      return new Promise<never>(() => undefined)
    })
    if (isStored) this.#report.deadLettered(list, this.#letters.tellsEach)
    return []
  }

  /** False when the lines are not wanted any more. */
  async #push(lines: LineBatch, letters: readonly LetterAt[], isWanted: () => boolean): Promise<boolean> {
    const bytes = heldBytes(lines) + bytesOf(letters)
    if (!(await this.#window.take(bytes))) return false
    const goesOn = isWanted()
    if (goesOn) {
      this.#hooks.held?.hold(lines, letters)
      this.#feeder.push(lines)
    } else this.#window.release(bytes)
    return goesOn
  }

  assigned(partitions: readonly (TopicPartition & { readonly epoch: number })[]): void {
    const at = this.#parts.clock.now()
    for (const { topic, partition, epoch } of partitions) {
      if (this.#book.standing({ topic, partition })) this.#hooks.restarting({ topic, partition })
      // What is still with the child was fetched under an older epoch: whoever owns the partition reads it again.
      this.#hooks.forget({ topic, partition })
      this.#book.assign({ topic, partition }, epoch, at)
    }
    this.#purge()
  }

  noted(partitions: readonly (TopicPartition & { readonly metadata: string })[]): void {
    for (const { topic, partition, metadata } of partitions) {
      this.#book.noted({ topic, partition }, metadata)
      this.#hooks.noted({ topic, partition }, metadata)
    }
  }

  async revoked(partitions: readonly TopicPartition[], gone?: AbortSignal): Promise<void> {
    const source = this.#source
    /** Another source may have brought them anew meanwhile. */
    const isOurs = (): boolean => source === this.#source
    this.#revocations++
    this.#feeder.hold('rebalance')
    try {
      await this.#hooks.drain(this.#parts.adoptionGraceMs, gone)
      if (isOurs()) await this.#hooks.release(partitions)
    } finally {
      // However that went, they are another's now.
      if (isOurs()) this.#drop(partitions)
      if (--this.#revocations === 0) this.#feeder.letGo('rebalance')
    }
  }

  #drop(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#hooks.forget(partition)
    this.#book.drop(partitions)
    this.#purge()
    this.#hooks.dropped()
  }

  #purge(): void {
    this.#feeder.purge()
    this.#hooks.held?.purge((at) => this.#book.accepts(at))
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

const lettersIn = (batch: LineBatch, letters: readonly LetterAt[]): readonly LetterAt[] =>
  letters.filter(({ offset }) => offset >= batch.firstOffset && offset < batch.nextOffset)
