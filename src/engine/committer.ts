import type { Millis } from '../domain/time.ts'
import type { EventRing } from './event-ring.ts'
import type { PartitionBook } from './partition-book.ts'
import type { Clock, RecordSource, Timer } from './ports.ts'

const EVERY: Millis = 1000

/** Tells the source what the ledgers allow, at most once a second unless asked to at once, one commit at a time. */
export class Committer {
  readonly #clock: Clock
  readonly #book: PartitionBook
  readonly #events: EventRing
  readonly #namespec: string
  #source: RecordSource
  #timer: Timer | null = null
  #last: Promise<void> = Promise.resolve()
  commits = 0

  constructor(clock: Clock, book: PartitionBook, events: EventRing, namespec: string, source: RecordSource) {
    this.#clock = clock
    this.#book = book
    this.#events = events
    this.#namespec = namespec
    this.#source = source
  }

  use(source: RecordSource): void {
    this.#source = source
  }

  soon(): void {
    this.#timer ??= this.#clock.arm(EVERY, () => {
      this.#timer = null
      void this.now()
    })
  }

  /** Resolves when everything that may be committed is committed, or was refused and will be tried again. */
  now(): Promise<void> {
    this.#last = this.#last.then(() => this.#commit())
    return this.#last
  }

  async #commit(): Promise<void> {
    const positions = this.#book.toCommit()
    if (positions.length === 0) return
    try {
      await this.#source.commit(positions)
      this.#book.committed(positions)
      this.commits++
      this.#events.publish('stream.committed', 'debug', 'committed', {
        process: this.#namespec,
        positions: positions.map((p) => `${p.topic}/${p.partition}=${p.offset}`),
      })
    } catch (error) {
      // Nothing is lost: the positions stay due, and whoever owns the partition by then reads them again.
      const reason = error instanceof Error ? error.message : String(error)
      this.#events.publish('stream.commit-refused', 'warn', 'cannot commit, trying again', {
        process: this.#namespec,
        reason,
      })
      this.soon()
    }
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = null
  }
}
