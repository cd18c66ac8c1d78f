// Turns answers and checkpoints into settled offsets, and settled offsets into commits.
import type { AnswerRun } from '../domain/stream/fifo.ts'
import { offsetAfter, type TopicPartition } from '../domain/stream/line-batch.ts'
import type { Millis } from '../domain/time.ts'
import type { Committer } from './committer.ts'
import type { PartitionBook, Position } from './partition-book.ts'
import type { Clock, RecordSource } from './ports.ts'

export class Settling {
  readonly #clock: Clock
  readonly #book: PartitionBook
  readonly #committer: Committer
  readonly #settled: (at: TopicPartition) => void
  #waiters: (() => void)[] = []

  /** `settled`: the partition's position may have moved. */
  constructor(clock: Clock, book: PartitionBook, committer: Committer, settled: (at: TopicPartition) => void) {
    this.#settled = settled
    this.#clock = clock
    this.#book = book
    this.#committer = committer
  }

  get book(): PartitionBook {
    return this.#book
  }

  get commits(): number {
    return this.#committer.commits
  }

  /** Everything that these records had as answers is stored. */
  done(answers: readonly AnswerRun[]): void {
    const at = this.#clock.now()
    for (const { batch, from, to, orphan } of answers) {
      const first = batch.offsets[from]
      if (first === undefined || orphan) continue
      this.#book.settle(batch, batch.epoch, first, offsetAfter(batch, to - 1), at)
      this.#settled(batch)
    }
    this.#committer.soon()
    this.wake()
  }

  /** Everything up to the claim is done, and its outputs are stored. */
  async settle(claim: readonly Position[]): Promise<void> {
    this.#book.settleClaim(claim, this.#clock.now())
    for (const position of claim) this.#settled(position)
    await this.#committer.now()
    this.wake()
  }

  /** Resolves when all is settled and committed, when nothing more can be, or after `limit`. */
  async wait(limit: Millis, hopeless: () => boolean): Promise<void> {
    const clocked = { late: false }
    const timer = this.#clock.arm(limit, () => {
      clocked.late = true
      this.wake()
    })
    while (!clocked.late && !hopeless() && this.#book.unsettled() > 0) {
      await new Promise<void>((resolve) => this.#waiters.push(resolve))
    }
    const committed = this.#committer.now()
    if (!clocked.late) await Promise.race([committed, new Promise<void>((resolve) => this.#waiters.push(resolve))])
    timer.cancel()
  }

  wake(): void {
    for (const wake of this.#waiters.splice(0)) wake()
  }

  use(source: RecordSource): void {
    this.#committer.use(source)
  }

  commit(): Promise<boolean> {
    return this.#committer.now()
  }

  commitSoon(): void {
    this.#committer.soon()
  }

  stop(): void {
    this.#committer.stop()
  }
}
