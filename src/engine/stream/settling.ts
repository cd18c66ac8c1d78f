import type { AnswerRun } from '../../domain/stream/fifo.ts'
import { offsetAfter, type TopicPartition } from '../../domain/stream/line-batch.ts'
import type { Millis } from '../../domain/time.ts'
import type { Commits } from './commits.ts'
import type { Skipped } from './outgoing.ts'
import type { PartitionBook, Position } from './partition-book.ts'
import type { Clock } from '../ports.ts'

/** Turns answers and checkpoints into settled offsets, and settled offsets into commits. */
export class Settling {
  readonly book: PartitionBook
  readonly commits: Commits
  readonly #clock: Clock
  readonly #settled: (at: TopicPartition) => void
  #waiters: (() => void)[] = []

  /** `settled`: the partition's position may have moved. */
  constructor(clock: Clock, book: PartitionBook, commits: Commits, settled: (at: TopicPartition) => void) {
    this.#settled = settled
    this.#clock = clock
    this.book = book
    this.commits = commits
  }

  /** Everything that these records had as answers is stored. */
  done(answers: readonly AnswerRun[]): void {
    const at = this.#clock.now()
    for (const { batch, from, to, orphan } of answers) {
      const first = batch.offsets[from]
      if (first === undefined || orphan) continue
      this.book.settle(batch, batch.epoch, first, offsetAfter(batch, to - 1), at)
      this.#settled(batch)
    }
    this.commits.soon()
    this.wake()
  }

  /** Offsets without a line, whose letters are stored. */
  skipped({ batch, first, next }: Skipped): void {
    this.book.settle(batch, batch.epoch, first, next, this.#clock.now())
    this.#settled(batch)
    this.commits.soon()
    this.wake()
  }

  /** Everything up to the claim is done, and its outputs are stored. */
  async settle(claim: readonly Position[]): Promise<void> {
    this.book.settleClaim(claim, this.#clock.now())
    for (const position of claim) this.#settled(position)
    await this.commits.now()
    this.wake()
  }

  /** Resolves when all is settled and committed, when nothing more can be, after `limit`, or when `over` is aborted. */
  async wait(limit: Millis, hopeless: () => boolean, over?: AbortSignal): Promise<void> {
    const ended = Promise.withResolvers<undefined>()
    const clocked = { late: false }
    const end = (): void => {
      clocked.late = true
      ended.resolve(undefined)
      this.wake()
    }
    const timer = this.#clock.arm(limit, end)
    over?.addEventListener('abort', end)
    try {
      while (!clocked.late && !hopeless() && this.book.unsettled() > 0) {
        await new Promise<void>((resolve) => this.#waiters.push(resolve))
      }
      // Whatever else is settled by now, the commit is what is waited for.
      await Promise.race([this.commits.now(), ended.promise])
    } finally {
      timer.cancel()
      over?.removeEventListener('abort', end)
    }
  }

  /** Something changed that whoever waits should look at. */
  wake(): void {
    for (const wake of this.#waiters.splice(0)) wake()
  }
}
