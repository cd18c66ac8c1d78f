// The way out: lines of the child, encoded and written batch by batch, one write at a time so that order holds.
import type { AnswerRun } from '../domain/stream/fifo.ts'
import type { Lines } from '../domain/stream/lines.ts'
import type { DeadLetter } from '../domain/stream/value-batch.ts'
import type { OutputEncoding, PreparedOutput } from './output-encoding.ts'
import type { DeadLetterSink, RecordSink } from './ports.ts'

/** Lines of one incarnation; in one-to-one with the inputs that they answer, run by run. */
export interface Outgoing {
  readonly lines: Lines
  readonly answers: readonly AnswerRun[] | null
  /** Start of the child that printed them, ms since the epoch. */
  readonly incarnation: number
  /** Number of the first line within the incarnation. */
  readonly sequence: number
}

/** A line that goes to the dead letters instead; it answers its inputs all the same. */
export interface OutgoingLetter {
  readonly letter: DeadLetter
  readonly answers: readonly AnswerRun[] | null
}

export interface PumpHooks {
  /** Everything of `answers` is stored where it belongs. */
  answered(answers: readonly AnswerRun[]): void
  written(records: number, bytes: number): void
  deadLettered(letters: readonly DeadLetter[]): void
  /** The queue shrank below the limit at which reading goes on. */
  relieved(): void
  /** Given up unstored: nothing of `answers` may be settled. */
  abandoned(answers: readonly AnswerRun[]): void
  /** The output is gone for good (a local reader closed the pipe). */
  failed(error: unknown): void
}

/** Lines encoded and written at once: keeps one slice of the loop well under 10 ms. */
const BATCH_BYTES = 512 * 1024

export class OutputPump {
  readonly #hooks: PumpHooks
  #sink: RecordSink
  #letters: DeadLetterSink
  #encoding: OutputEncoding
  #queue: (Outgoing | OutgoingLetter)[] = []
  #queuedBytes = 0
  #writing: readonly (Outgoing | OutgoingLetter)[] = []
  #generation = 0
  #running = false
  #failed = false
  #pushed = 0
  #stored = 0
  #waiters: { readonly mark: number; readonly resolve: (stored: boolean) => void }[] = []

  constructor(sink: RecordSink, letters: DeadLetterSink, encoding: OutputEncoding, hooks: PumpHooks) {
    this.#sink = sink
    this.#letters = letters
    this.#encoding = encoding
    this.#hooks = hooks
  }

  /** Bytes read from the child and not acknowledged yet. */
  get queuedBytes(): number {
    return this.#queuedBytes
  }

  /** New output side; to be called when nothing is queued. */
  use(sink: RecordSink, letters: DeadLetterSink, encoding: OutputEncoding): void {
    this.#sink = sink
    this.#letters = letters
    this.#encoding = encoding
  }

  push(item: Outgoing | OutgoingLetter): void {
    if (this.#failed) return
    this.#queue.push(item)
    this.#pushed++
    this.#queuedBytes += weight(item)
    this.#start()
  }

  /** Resolves when everything pushed so far is stored; to false when it never will be. */
  flushed(): Promise<boolean> {
    if (this.#failed) return Promise.resolve(false)
    if (this.#stored === this.#pushed) return Promise.resolve(true)
    return new Promise((resolve) => this.#waiters.push({ mark: this.#pushed, resolve }))
  }

  /** Gives up what is not stored yet; whoever waits for it learns that it never will be. */
  abandon(): void {
    this.#generation++
    for (const { answers } of [...this.#writing, ...this.#queue]) if (answers) this.#hooks.abandoned(answers)
    this.#queue = []
    this.#writing = []
    this.#queuedBytes = 0
    this.#stored = this.#pushed
    this.#running = false
    for (const { resolve } of this.#waiters.splice(0)) resolve(false)
    this.#hooks.relieved()
  }

  #start(): void {
    if (this.#running || this.#failed) return
    this.#running = true
    const generation = this.#generation
    this.#drain(generation).catch((error: unknown) => {
      if (generation !== this.#generation) return
      this.#failed = true
      this.#wake()
      this.#hooks.failed(error)
    })
  }

  async #drain(generation: number): Promise<void> {
    while (this.#queue.length > 0) {
      const items = this.#take()
      this.#writing = items
      const first = items[0]
      if (first && 'letter' in first) await this.#store([first.letter])
      else
        await this.#write(
          await this.#encoding.prepare(
            items.filter((item) => 'lines' in item),
            this.#sink,
          ),
        )
      // Abandoned meanwhile: the accounts are already settled, and a younger loop may run.
      if (generation !== this.#generation) return
      this.#writing = []
      this.#queuedBytes -= items.reduce((sum, item) => sum + weight(item), 0)
      for (const { answers } of items) if (answers) this.#hooks.answered(answers)
      this.#stored += items.length
      this.#wake()
      this.#hooks.relieved()
    }
    this.#running = false
  }

  #wake(): void {
    const due = this.#waiters.filter(({ mark }) => this.#failed || mark <= this.#stored)
    this.#waiters = this.#waiters.filter((waiter) => !due.includes(waiter))
    for (const { resolve } of due) resolve(!this.#failed)
  }

  /** One letter, or as many neighbouring lines as fit one batch. */
  #take(): (Outgoing | OutgoingLetter)[] {
    let end = 0
    let bytes = 0
    for (const item of this.#queue) {
      if (end > 0 && ('letter' in item || bytes + weight(item) > BATCH_BYTES)) break
      bytes += weight(item)
      end++
      if ('letter' in item) break
    }
    return this.#queue.splice(0, end)
  }

  async #write({ batches, letters }: PreparedOutput): Promise<void> {
    for (const batch of batches) {
      const refused = await this.#sink.write(batch)
      const sizes = batch.starts.reduce((sum, start, i) => sum + (batch.ends[i] ?? start) - start, 0)
      this.#hooks.written(batch.count - refused.length, sizes)
      if (refused.length > 0) await this.#store(refused.map((refusal) => this.#encoding.refusedLetter(batch, refusal)))
    }
    await this.#store(letters)
  }

  async #store(letters: readonly DeadLetter[]): Promise<void> {
    if (letters.length === 0) return
    await this.#letters.write(letters)
    this.#hooks.deadLettered(letters)
  }
}

const weight = (item: Outgoing | OutgoingLetter): number =>
  'lines' in item ? item.lines.bytes.length : item.letter.value.length
