import type { AnswerRun } from '../../domain/stream/fifo.ts'
import type { Lines } from '../../domain/stream/lines.ts'
import type { DeadLetter } from '../../domain/stream/value-batch.ts'
import type { Millis } from '../../domain/time.ts'
import { flightOf, takeFlight, type Flight } from './output-flight.ts'
import { LetterWriter } from './letter-writer.ts'
import type { OutputEncoding, PreparedBatch, PreparedOutput } from './output-encoding.ts'
import { merged, weightOf, type OutgoingItem, type Skipped } from './outgoing.ts'
import type { Clock, DeadLetterSink, RecordSink } from '../ports.ts'
import { wait } from '../waiting.ts'

export interface PumpHooks {
  /** These are about to be written. */
  leaving?(items: readonly OutgoingItem[]): void
  /** Everything that these records had as answers is stored where it belongs. */
  done(records: readonly AnswerRun[]): void
  /** Letters of offsets without a line are stored. */
  skipped(offsets: Skipped): void
  written(records: number, bytes: number): void
  /** Everything that was pushed before these lines is stored: nobody looks at it any more. */
  landed(lines: Lines): void
  /** Sinks that may still look at what is under way are there no more: that memory must hold still for good. */
  exchanged(): void
  deadLettered(letters: readonly DeadLetter[]): void
  /** The queue shrank to half of what it may hold: reading may go on. */
  relieved(): void
  /** Given up unstored: these records may not be settled. */
  abandoned(records: readonly AnswerRun[]): void
  /** The output is gone for good (a local reader closed the pipe). */
  failed(error: unknown): void
}

/** Enough for a broker that answers after 10 ms; what waits meanwhile is written in larger batches. */
const FLIGHTS_MAX = 16
/** Values under way together: five full record batches, as many as a broker takes at once, and one that is filled. */
const VALUES_MAX = 6 * 1024 * 1024
/** Work of one kind for so long, then everybody else has a turn of the loop. */
const SLICE: Millis = 4

/** Output that waits beyond this would only make the agent larger: it is tens of ms of the fastest Calculator. */
const QUEUE_MAX = 4 * 1024 * 1024

/** Where the output goes. */
export interface OutputSides {
  readonly sink: RecordSink
  readonly letters: DeadLetterSink
  readonly encoding: OutputEncoding
}

/**
 * The way out: lines of the child, encoded and written batch by batch. Several batches are under way at once; what they
 * answer is told in the order of their lines, when they and everything before them are stored.
 */
export class OutputPump {
  readonly #clock: Clock
  /** Of `queuedBytes`: beyond it reading stops. */
  readonly limit: number
  readonly #hooks: PumpHooks
  readonly #letters: LetterWriter
  #sides: OutputSides
  #queue: OutgoingItem[] = []
  /** What was pushed since the seal; null while there is none. */
  #behind: OutgoingItem[] | null = null
  #queuedBytes = 0
  /** In the order of their lines; the first has not landed. */
  #flights: Flight[] = []
  /** Raised whenever another loop is to send off what there is. */
  #generation = 0
  #abandons = 0
  #running = false
  #failed = false
  #pushed = 0
  #stored = 0
  #waiters: { readonly mark: number; readonly resolve: (stored: boolean) => void }[] = []

  constructor(parts: { readonly clock: Clock; readonly bufferBytes: number }, sides: OutputSides, hooks: PumpHooks) {
    this.#clock = parts.clock
    this.limit = Math.min(parts.bufferBytes, QUEUE_MAX)
    this.#sides = sides
    this.#letters = new LetterWriter(sides.letters)
    this.#hooks = hooks
  }

  /** Bytes read from the child and not acknowledged yet. */
  get queuedBytes(): number {
    return this.#queuedBytes
  }

  /** Nothing more should be read from the child until `relieved` is told. */
  get isFull(): boolean {
    return this.#queuedBytes > this.limit
  }

  /** New output side. What an exchanged sink has not stored is written to the new one, in its place. */
  use(sides: OutputSides): void {
    const { sink, letters } = this.#sides
    this.#sides = sides
    this.#letters.use(sides.letters)
    if (this.#flights.length === 0 || (sides.sink === sink && sides.letters === letters)) return
    this.#hooks.exchanged()
    if (sides.sink === sink) return
    this.#generation++
    this.#flights = this.#flights.map((flight) => (flight.unwritten === 0 ? flight : flightOf(flight)))
    this.#running = false
    this.#start()
  }

  /** To be written after everything that was pushed before. */
  push(item: OutgoingItem): void {
    if (this.#failed) return
    this.#pushed++
    this.#queuedBytes += weightOf(item)
    if (this.#behind) this.#behind.push(item)
    else {
      this.#queue.push(item)
      this.#start()
    }
  }

  /** Holds back what is pushed from now on. Resolves as `flushed`, for what was pushed before. */
  seal(): Promise<boolean> {
    this.#behind ??= []
    return this.#storedUpTo(this.#pushed - this.#behind.length)
  }

  /** What `seal` has held back goes on its way. */
  unseal(): void {
    const behind = this.#behind
    this.#behind = null
    if (!behind || behind.length === 0) return
    this.#queue.push(...behind)
    this.#start()
  }

  /** Resolves when everything pushed so far is stored; to false when it never will be. */
  flushed(): Promise<boolean> {
    return this.#storedUpTo(this.#pushed)
  }

  #storedUpTo(mark: number): Promise<boolean> {
    if (this.#failed) return Promise.resolve(false)
    if (this.#stored >= mark) return Promise.resolve(true)
    return new Promise((resolve) => this.#waiters.push({ mark, resolve }))
  }

  /** How often everything was given up so far. */
  get abandons(): number {
    return this.#abandons
  }

  /** Gives up what is not stored yet; whoever waits for it learns that it never will be. */
  abandon(): void {
    this.#generation++
    this.#abandons++
    const items = [...this.#flights.flatMap((flight) => flight.items), ...this.#queue, ...(this.#behind ?? [])]
    for (const { done } of items) if (done.length > 0) this.#hooks.abandoned(done)
    this.#queue = []
    if (this.#behind) this.#behind = []
    this.#flights = []
    this.#queuedBytes = 0
    this.#stored = this.#pushed
    this.#running = false
    this.#letters.abandon()
    for (const { resolve } of this.#waiters.splice(0)) resolve(false)
    this.#hooks.relieved()
  }

  #start(): void {
    if (this.#running || this.#failed) return
    this.#running = true
    const generation = this.#generation
    this.#launch(generation).catch((error: unknown) => {
      if (generation === this.#generation) this.#fail(error)
    })
  }

  /** Sends off what is to be written. After an `abandon` or a `use` a younger loop may run. */
  async #launch(generation: number): Promise<void> {
    let began = this.#clock.now()
    for (let flight = this.#next(); flight; flight = this.#next()) {
      this.#hooks.leaving?.(flight.items)
      const first = flight.items[0]
      const prepared =
        first && 'letter' in first ? { batches: [], letters: [first.letter] } : await this.#prepare(flight)
      if (generation !== this.#generation) return
      this.#send(flight, prepared)
      if (this.#clock.now() - began < SLICE) continue
      await wait(this.#clock, 0)
      if (generation !== this.#generation) return
      began = this.#clock.now()
    }
    this.#running = false
  }

  /** What is written again goes before what is queued, of which only as much goes as there is room for under way. */
  #next(): Flight | undefined {
    const again = this.#flights.find(({ unwritten }) => unwritten === null)
    if (again || this.#queue.length === 0 || !this.#mayLaunch) return again
    const flight = takeFlight(this.#queue)
    this.#flights.push(flight)
    return flight
  }

  get #mayLaunch(): boolean {
    const values = this.#flights.reduce((sum, { valueBytes }) => sum + valueBytes, 0)
    return this.#flights.length < FLIGHTS_MAX && values < VALUES_MAX
  }

  #prepare({ items }: Flight): Promise<PreparedOutput> {
    const { encoding, sink } = this.#sides
    return encoding.prepare(merged(items.filter((item) => 'lines' in item)), sink)
  }

  #send(flight: Flight, prepared: PreparedOutput): void {
    flight.valueBytes = prepared.batches.reduce((sum, { valueBytes }) => sum + valueBytes, 0)
    flight.unwritten = prepared.batches.length
    this.#store(flight, prepared)
      .then(
        () => this.#landed(flight),
        (error: unknown) => {
          if (this.#isOn(flight)) throw error
        },
      )
      .catch((error: unknown) => this.#fail(error))
  }

  /** False once it was given up, or is written again in another's place. */
  #isOn(flight: Flight): boolean {
    return this.#flights.includes(flight)
  }

  #landed(flight: Flight): void {
    if (!this.#isOn(flight)) return
    flight.landed = true
    for (let first = this.#flights[0]; first?.landed === true; first = this.#flights[0]) {
      this.#flights.shift()
      this.#queuedBytes -= first.bytes
      this.#stored += first.items.length
      for (const item of first.items) {
        if (item.done.length > 0) this.#hooks.done(item.done)
        if ('lines' in item) this.#hooks.landed(item.lines)
        if ('skipped' in item) this.#hooks.skipped(item.skipped)
      }
    }
    this.#wake()
    if (this.#queuedBytes <= this.limit / 2) this.#hooks.relieved()
    this.#start()
  }

  #fail(error: unknown): void {
    if (this.#failed) return
    this.#failed = true
    this.#wake()
    this.#hooks.failed(error)
  }

  #wake(): void {
    if (this.#waiters.length === 0) return
    const due = this.#waiters.filter(({ mark }) => this.#failed || mark <= this.#stored)
    this.#waiters = this.#waiters.filter((waiter) => !due.includes(waiter))
    for (const { resolve } of due) resolve(!this.#failed)
  }

  /** Everything is handed to the sink at once, so that later flights stay behind it. */
  async #store(flight: Flight, { batches, letters }: PreparedOutput): Promise<void> {
    const writes = batches.map((batch) => this.#write(flight, batch))
    await Promise.all([...writes, this.#bury(flight, letters)])
  }

  async #write(flight: Flight, batch: PreparedBatch): Promise<void> {
    const { encoding, sink } = this.#sides
    const refused = await sink.write(batch)
    if (!this.#isOn(flight)) return
    flight.unwritten = (flight.unwritten ?? 0) - 1
    this.#hooks.written(batch.count - refused.length, batch.valueBytes)
    await this.#bury(
      flight,
      refused.map((refusal) => encoding.refusedLetter(batch, refusal)),
    )
    if (this.#isOn(flight)) batch.recycle?.()
  }

  async #bury(flight: Flight, letters: readonly DeadLetter[]): Promise<void> {
    if (letters.length === 0) return
    await this.#letters.write(letters, () => this.#isOn(flight))
    if (this.#isOn(flight)) this.#hooks.deadLettered(letters)
  }
}
