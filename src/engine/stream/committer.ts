import { messageOf } from '../../domain/errors.ts'
import { nameOf, type TopicPartition } from '../../domain/stream/line-batch.ts'
import type { Millis } from '../../domain/time.ts'
import type { Commits } from './commits.ts'
import type { EventRing } from '../event-ring.ts'
import type { PartitionBook } from './partition-book.ts'
import type { Clock, RecordSource, Timer } from '../ports.ts'
import { Serial } from '../serial.ts'

const EVERY: Millis = 1000

/** Tells the source what the ledgers allow, at most once a second unless asked to at once, one commit at a time. */
export class Committer implements Commits {
  readonly isClosed = true
  readonly #clock: Clock
  readonly #book: PartitionBook
  readonly #events: EventRing
  readonly #namespec: string
  #source: RecordSource
  #timer: Timer | null = null
  #stopped = false
  readonly #turns = new Serial()
  readonly #note: (at: TopicPartition, position: number) => string
  made = 0
  refused = 0

  /** `note`: what is committed beside a position. */
  constructor(
    parts: { readonly clock: Clock; readonly events: EventRing; readonly namespec: string },
    book: PartitionBook,
    source: RecordSource,
    note: (at: TopicPartition, position: number) => string,
  ) {
    this.#clock = parts.clock
    this.#book = book
    this.#events = parts.events
    this.#namespec = parts.namespec
    this.#source = source
    this.#note = note
  }

  use(source: RecordSource): void {
    this.#source = source
  }

  soon(): void {
    if (this.#stopped) return
    this.#timer ??= this.#clock.arm(EVERY, () => {
      this.#timer = null
      void this.now()
    })
  }

  /** Resolves when everything that may be committed is committed; to false when it was refused and is tried again. */
  async now(): Promise<boolean> {
    // A promise of its own: where nobody waits for it a bug is not passed over.
    return await this.#turns.run(() => this.#commit())
  }

  async conclude(stored: boolean): Promise<void> {
    if (stored) await this.now()
  }

  abandon(): void {
    // A commit has a limit of its own.
  }

  /** What is stored holds, whoever owns the partitions. */
  release(): Promise<void> {
    return Promise.resolve()
  }

  async #commit(): Promise<boolean> {
    const positions = this.#book.toCommit(this.#note)
    if (positions.length === 0) return true
    try {
      await this.#source.commit(positions)
      this.#book.committed(positions)
      this.made++
      this.#events.publish('stream.committed', 'debug', 'committed', {
        process: this.#namespec,
        positions: positions.map((p) => `${nameOf(p)}=${p.offset}`),
      })
      return true
    } catch (error) {
      // Nothing is lost: the positions stay due, and whoever owns the partition by then reads them again.
      this.refused++
      this.#events.publish('stream.commit-refused', 'warn', 'cannot commit, trying again', {
        process: this.#namespec,
        reason: messageOf(error),
      })
      this.soon()
      return false
    }
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
    this.#timer = null
  }
}
