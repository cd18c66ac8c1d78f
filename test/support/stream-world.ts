// A broker, an output topic and a Calculator in memory, so that a StreamProxy can be tried with any order of faults.
import type { LineBatch, TopicPartition } from '../../src/domain/stream/line-batch.ts'
import type { DeadLetter, Refusal, ValueBatch } from '../../src/domain/stream/value-batch.ts'
import type {
  Activity,
  Child,
  Clock,
  DeadLetterSink,
  RecordConsumer,
  RecordSink,
  RecordSource,
  SinkHealth,
  SourceHealth,
} from '../../src/engine/ports.ts'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)

/** Values of one partition as a batch, from `first` on; null is a tombstone. */
export function batchOf(
  at: TopicPartition,
  epoch: number,
  first: number,
  values: readonly (string | null)[],
): LineBatch {
  const kept = values.flatMap((value, i) => (value === null ? [] : [{ value, offset: first + i }]))
  const parts = kept.map(({ value }) => encode(`${value}\n`))
  const ends = new Uint32Array(parts.length)
  parts.reduce((sum, part, i) => (ends[i] = sum + part.length), 0)
  return {
    ...at,
    epoch,
    firstOffset: first,
    nextOffset: first + values.length,
    count: kept.length,
    bytes: Buffer.concat(parts),
    ends,
    offsets: Float64Array.from(kept, ({ offset }) => offset),
    tombstones: values.length - kept.length,
    besides: 20,
    context: { hasHeaders: false, key: () => null, headers: () => [], timestamp: () => 0 },
  }
}

/** One partition that is fetched `atOnce` records at a time, and remembers what was committed. */
export class MemorySource implements RecordSource {
  readonly at: TopicPartition = { topic: 'in', partition: 0 }
  committed = 0
  commits: number[] = []
  /** What stands beside the last commit. */
  metadata = ''
  paused = false
  /** Resolves when it is known whether the commit that is under way holds. */
  open: Promise<unknown> = Promise.resolve()
  readonly #values: readonly (string | null)[]
  readonly #atOnce: number
  #consumer: RecordConsumer | null = null
  #next = 0
  #epoch = 0
  #running = false
  #session = 0
  #isLeaving = false

  constructor(values: readonly (string | null)[], atOnce: number) {
    this.#values = values
    this.#atOnce = atOnce
  }

  start(consumer: RecordConsumer): Promise<void> {
    this.#consumer = consumer
    // Whoever owned it before may have left something, and is not served any more.
    this.#session++
    this.#running = false
    this.paused = false
    this.#next = this.committed
    consumer.assigned([{ ...this.at, epoch: ++this.#epoch }])
    consumer.noted?.([{ ...this.at, metadata: this.metadata }])
    void this.#run()
    return Promise.resolve()
  }

  get epoch(): number {
    return this.#epoch
  }

  /** The partition goes to another owner, and comes back. */
  async changeHands(): Promise<void> {
    const consumer = this.#consumer
    if (!consumer || this.#isLeaving) return
    this.#isLeaving = true
    const session = ++this.#session
    await consumer.revoked([this.at])
    this.#isLeaving = false
    if (session === this.#session) await this.start(consumer)
  }

  /** Its log was cut: what was read behind that is no more. It begins at what is committed, once that is known. */
  async beginAnew(): Promise<void> {
    if (!this.#consumer || this.#isLeaving) return
    const session = ++this.#session
    this.#running = true
    this.#consumer.assigned([{ ...this.at, epoch: ++this.#epoch }])
    await this.open
    if (session !== this.#session) return
    this.#running = false
    this.#next = this.committed
    this.#consumer.noted?.([{ ...this.at, metadata: this.metadata }])
    void this.#run()
  }

  pause(): void {
    this.paused = true
  }

  resume(): void {
    this.paused = false
    void this.#run()
  }

  rewind(_at: TopicPartition, offset: number, epoch: number): void {
    this.#next = offset
    this.#epoch = epoch
    void this.#run()
  }

  commit(positions: readonly { readonly offset: number; readonly metadata?: string }[]): Promise<void> {
    for (const { offset, metadata = '' } of positions) {
      this.committed = offset
      this.metadata = metadata
      this.commits.push(offset)
    }
    return Promise.resolve()
  }

  health(): SourceHealth {
    return { joined: true, assigned: [this.at], lastFetchAt: 0, lag: 0, error: null }
  }

  close(): Promise<void> {
    this.#session++
    this.#consumer = null
    return Promise.resolve()
  }

  async #run(): Promise<void> {
    if (this.#running) return
    this.#running = true
    const session = this.#session
    while (session === this.#session && !this.paused && this.#next < this.#values.length) {
      const values = this.#values.slice(this.#next, this.#next + this.#atOnce)
      const batch = batchOf(this.at, this.#epoch, this.#next, values)
      this.#next += values.length
      await this.#consumer?.batch(batch)
    }
    if (session === this.#session) this.#running = false
  }
}

/** Keeps what was written; an acknowledgement takes `delay` ms. */
export class MemorySink implements RecordSink {
  readonly stored: string[] = []
  readonly #clock: Clock
  readonly #delay: number

  constructor(clock: Clock, delay: number) {
    this.#clock = clock
    this.#delay = delay
  }

  partitions(): Promise<number> {
    return Promise.resolve(1)
  }

  async write(batch: ValueBatch): Promise<readonly Refusal[]> {
    await new Promise<void>((resolve) => this.#clock.arm(this.#delay, resolve))
    for (let i = 0; i < batch.count; i++) {
      this.stored.push(new TextDecoder().decode(batch.bytes.subarray(batch.starts[i], batch.ends[i])))
    }
    return []
  }

  health(): SinkHealth {
    return { lastAckAt: null, error: null }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

/** Keeps letters. */
export class MemoryLetters implements DeadLetterSink {
  readonly stored: DeadLetter[] = []

  write(letters: readonly DeadLetter[]): Promise<void> {
    this.stored.push(...letters)
    return Promise.resolve()
  }

  health(): SinkHealth {
    return { lastAckAt: null, error: null }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

/**
 * A Calculator that answers each line after `work` ms with what `answer` says, and parks in a read in between. Where
 * `answer` says null it dies, and tells `onDeath` its exit code: 3, or 0 after the end of its input.
 */
export class MemoryCalculator implements Child {
  readonly pid: number
  readonly startedAt = 7
  alive = true
  inputEnded = false
  readonly #clock: Clock
  readonly #work: number
  readonly #answer: (line: string) => string | null
  readonly #onDeath: (code: number) => void
  /** Takes the line that came last first. */
  readonly #lastFirst: boolean
  #pipe: string[] = []
  #busy = false
  #cpu = 0n
  #listener: { data(chunk: Uint8Array): void; end(): void } | null = null

  constructor(
    pid: number,
    clock: Clock,
    work: number,
    answer: (line: string) => string | null,
    onDeath: (code: number) => void = () => undefined,
    lastFirst = false,
  ) {
    this.#lastFirst = lastFirst
    this.#onDeath = onDeath
    this.pid = pid
    this.#clock = clock
    this.#work = work
    this.#answer = answer
  }

  readonly stdin = {
    write: (...pieces: readonly Uint8Array[]): Promise<void> => {
      if (!this.alive) return Promise.reject(new Error('EPIPE'))
      this.#pipe.push(...new TextDecoder().decode(Buffer.concat(pieces)).split('\n').slice(0, -1))
      void this.#run()
      return Promise.resolve()
    },
    end: (): void => {
      this.inputEnded = true
      void this.#run()
    },
    unread: (): number => this.#pipe.reduce((sum, line) => sum + line.length + 1, 0),
  }

  readonly stdout = {
    listen: (listener: { data(chunk: Uint8Array): void; end(): void }): void => {
      this.#listener = listener
    },
    ...{ pause: (): void => undefined, resume: (): void => undefined, destroy: (): void => undefined },
    unread: (): number => 0,
  }

  activity(): Activity {
    return { cpu: this.#cpu, parked: this.#busy ? 'busy' : 'stdin' }
  }

  /** Everything it was working on is lost. */
  die(): void {
    this.alive = false
    this.#pipe = []
    this.#listener?.end()
  }

  async #run(): Promise<void> {
    if (this.#busy) return
    this.#busy = true
    const next = (): string | undefined => (this.#lastFirst ? this.#pipe.pop() : this.#pipe.shift())
    for (let line = next(); line !== undefined; line = next()) {
      this.#cpu += 1n
      await new Promise<void>((resolve) => this.#clock.arm(this.#work, resolve))
      if (!this.alive) return
      const answer = this.#answer(line)
      if (answer === null) {
        this.die()
        this.#onDeath(3)
        return
      }
      if (answer !== '') this.#listener?.data(new TextEncoder().encode(answer))
    }
    this.#busy = false
    if (!this.inputEnded) return
    await new Promise<void>((resolve) => this.#clock.arm(1, resolve))
    if (!this.alive) return
    this.die()
    this.#onDeath(0)
  }
}
