import type { TopicPartition } from '../../domain/stream/line-batch.ts'
import type { RecordSource } from '../ports.ts'

/** How what the ledgers allow is committed: positions alone (Committer), or within transactions (Transacting). */
export interface Commits {
  /** Commits made so far. */
  readonly made: number
  /** Commits that were refused, or came to nothing. */
  readonly refused: number
  /** Nothing is written that is not committed. */
  readonly isClosed: boolean
  use(source: RecordSource): void
  /** Something may be committed. */
  soon(): void
  /** Resolves when everything that may be committed is committed; to false when it is tried again later. */
  now(): Promise<boolean>
  /**
   * The Calculator is gone. `stored`: everything that it said is stored. Resolves when nothing is written that is not
   * committed, or as soon as it is certain that it will be aborted.
   */
  conclude(stored: boolean): Promise<void>
  /** Whoever waits in `conclude` waits no longer: what it is about takes its time. */
  abandon(): void
  /** The partitions are about to be given away: afterwards nothing that was written for them is uncommitted. */
  release(partitions: readonly TopicPartition[]): Promise<void>
  stop(): void
}
