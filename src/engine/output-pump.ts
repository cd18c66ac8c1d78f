// The way out: lines of the child, encoded and written batch by batch. Several batches are under way at once; what they
// answer is told in the order of their lines, when they and everything before them are stored.
import type { AnswerRun } from '../domain/stream/fifo.ts'
import type { Lines } from '../domain/stream/lines.ts'
import type { DeadLetter } from '../domain/stream/value-batch.ts'
import type { Millis } from '../domain/time.ts'
import type { OutputEncoding, PreparedBatch, PreparedOutput } from './output-encoding.ts'
import { merged, weightOf, type OutgoingItem, type Skipped } from './outgoing.ts'
import type { Clock, DeadLetterSink, RecordSink } from './ports.ts'

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
  deadLettered(letters: readonly DeadLetter[]): void
  /** The queue shrank to half of what it may hold: reading may go on. */
  relieved(): void
  /** Given up unstored: these records may not be settled. */
  abandoned(records: readonly AnswerRun[]): void
  /** The output is gone for good (a local reader closed the pipe). */
  failed(error: unknown): void
}

/** Items under way together. */
interface Flight {
  readonly items: readonly OutgoingItem[]
  readonly bytes: number
  /** Of the values that its lines became; 0 until they have. */
  valueBytes: number
  landed: boolean
}

/** Lines encoded and written at once: keeps one slice of the loop well under 10 ms. */
const BATCH_BYTES = 256 * 1024
/** A batch of so many is not worth the copy that joins more to it. */
const BATCH_ENOUGH = 64 * 1024
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

export class OutputPump {
  readonly #clock: Clock
  /** Of `queuedBytes`: beyond it reading stops. */
  readonly limit: number
  readonly #hooks: PumpHooks
  #sides: OutputSides
  #queue: OutgoingItem[] = []
  /** What was pushed since the seal; null while there is none. */
  #behind: OutgoingItem[] | null = null
  #queuedBytes = 0
  /** In the order of their lines; the first has not landed. */
  #flights: Flight[] = []
  /** Raised whenever what is under way is nobody's any more. */
  #generation = 0
  #abandons = 0
  #running = false
  #failed = false
  #pushed = 0
  #stored = 0
  #lettersTurn: Promise<void> = Promise.resolve()
  #waiters: { readonly mark: number; readonly resolve: (stored: boolean) => void }[] = []

  constructor(parts: { readonly clock: Clock; readonly bufferBytes: number }, sides: OutputSides, hooks: PumpHooks) {
    this.#clock = parts.clock
    this.limit = Math.min(parts.bufferBytes, QUEUE_MAX)
    this.#sides = sides
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

  /** New output side. What a sink that is exchanged has not stored goes to the new one, and everything behind it. */
  use(sides: OutputSides): void {
    const { sink, letters } = this.#sides
    this.#sides = sides
    if (this.#flights.length === 0 || (sides.sink === sink && sides.letters === letters)) return
    this.#generation++
    this.#queue.unshift(...this.#flights.splice(0).flatMap((flight) => flight.items))
    this.#lettersTurn = Promise.resolve()
    this.#running = false
    this.#start()
  }

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
    this.#lettersTurn = Promise.resolve()
    for (const { resolve } of this.#waiters.splice(0)) resolve(false)
    this.#hooks.relieved()
  }

  #start(): void {
    if (this.#running || this.#failed) return
    this.#running = true
    const generation = this.#generation
    this.#launch(generation).catch((error: unknown) => this.#fail(error, generation))
  }

  /** Sends off what is queued, as far as there is room under way. After an `abandon` a younger loop may run. */
  async #launch(generation: number): Promise<void> {
    let began = this.#clock.now()
    while (this.#queue.length > 0 && this.#mayLaunch) {
      const flight = this.#take()
      this.#flights.push(flight)
      this.#hooks.leaving?.(flight.items)
      const first = flight.items[0]
      const prepared =
        first && 'letter' in first ? { batches: [], letters: [first.letter] } : await this.#prepare(flight)
      if (generation !== this.#generation) return
      flight.valueBytes = prepared.batches.reduce((sum, { valueBytes }) => sum + valueBytes, 0)
      this.#store(prepared, generation)
        .then(() => this.#landed(flight, generation))
        .catch((error: unknown) => this.#fail(error, generation))
      if (this.#clock.now() - began < SLICE) continue
      await new Promise<void>((resolve) => void this.#clock.arm(0, resolve))
      if (generation !== this.#generation) return
      began = this.#clock.now()
    }
    this.#running = false
  }

  get #mayLaunch(): boolean {
    const values = this.#flights.reduce((sum, { valueBytes }) => sum + valueBytes, 0)
    return this.#flights.length < FLIGHTS_MAX && values < VALUES_MAX
  }

  #prepare({ items }: Flight): Promise<PreparedOutput> {
    const { encoding, sink } = this.#sides
    return encoding.prepare(merged(items.filter((item) => 'lines' in item)), sink)
  }

  #landed(flight: Flight, generation: number): void {
    if (generation !== this.#generation) return
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

  #fail(error: unknown, generation: number): void {
    if (generation !== this.#generation || this.#failed) return
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

  /** One letter, or as many neighbouring lines as fit one batch. */
  #take(): Flight {
    let end = 0
    let bytes = 0
    for (const item of this.#queue) {
      const more = weightOf(item)
      if (end > 0 && ('letter' in item || bytes + more > BATCH_BYTES)) break
      bytes += more
      end++
      if ('letter' in item || bytes >= BATCH_ENOUGH) break
    }
    return { items: this.#queue.splice(0, end), bytes, valueBytes: 0, landed: false }
  }

  /** Everything is handed to the sink at once, so that later flights stay behind it. */
  async #store({ batches, letters }: PreparedOutput, generation: number): Promise<void> {
    const writes = batches.map((batch) => this.#write(batch, generation))
    await Promise.all([...writes, this.#bury(letters, generation)])
  }

  async #write(batch: PreparedBatch, generation: number): Promise<void> {
    const { encoding, sink } = this.#sides
    const refused = await sink.write(batch)
    if (generation !== this.#generation) return
    this.#hooks.written(batch.count - refused.length, batch.valueBytes)
    await this.#bury(
      refused.map((refusal) => encoding.refusedLetter(batch, refusal)),
      generation,
    )
    if (generation === this.#generation) batch.recycle?.()
  }

  /** One after the other: letters keep their order. */
  async #bury(letters: readonly DeadLetter[], generation: number): Promise<void> {
    if (letters.length === 0) return
    const sink = this.#sides.letters
    // Its turn may come when it was given up.
    const turn = this.#lettersTurn.then(async () => {
      if (generation === this.#generation) await sink.write(letters)
    })
    this.#lettersTurn = turn.catch(() => undefined)
    await turn
    if (generation === this.#generation) this.#hooks.deadLettered(letters)
  }
}
