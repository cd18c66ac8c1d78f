// What a source commits through its membership: never for a partition that is not ours any more.
import { AgentError } from '../domain/errors.ts'
import { nameOf, type TopicPartition } from '../domain/stream/line-batch.ts'
import type { OwnedPartition } from './fetch/owned-partition.ts'
import type { OffsetPosition } from './group/offset-requests.ts'
import type { Membership } from './group-membership.ts'
import type { Ownership } from './ownership.ts'
import { NO_EPOCH } from './protocol/fetch.ts'
import type { TransactionIdentity } from './transactions/requests.ts'

export type CommitPosition = TopicPartition & {
  readonly offset: number
  readonly epoch: number
  readonly metadata?: string
}

export class SourceCommits {
  readonly #ownership: Ownership
  readonly #membership: () => Membership | null

  constructor(ownership: Ownership, membership: () => Membership | null) {
    this.#ownership = ownership
    this.#membership = membership
  }

  /** What is settled. Leaves out what is of an older epoch. Rejects as Membership.commit. */
  async settled(positions: readonly CommitPosition[]): Promise<void> {
    this.#begin(positions)
    await this.#commit(positions)
  }

  /** As `settled`, for where reading began: it is not due any more then. */
  async starts(partitions: readonly OwnedPartition[]): Promise<void> {
    const due = partitions.flatMap((owned) => (owned.dueStart ? [{ owned, start: owned.dueStart }] : []))
    await this.#commit(
      due.map(({ owned: { epoch }, start: { topic, partition, offset } }) => ({ topic, partition, offset, epoch })),
    )
    for (const { owned, start } of due) if (owned.dueStart === start) owned.dueStart = null
  }

  async #commit(positions: readonly CommitPosition[]): Promise<void> {
    const due = positions.filter((position) => this.#isOurs(position)).map((position) => this.#witnessed(position))
    if (due.length > 0) await this.#membership()?.commit(due)
  }

  /**
   * As `settled`, within a transaction: all or nothing. Rejects with AgentError FAILED also where a position is of a
   * partition that is not ours any more: its outputs may not be committed without it.
   */
  async within(transaction: TransactionIdentity, positions: readonly CommitPosition[]): Promise<void> {
    const gone = positions.filter((position) => !this.#isOurs(position))
    const membership = this.#membership()
    if (gone.length > 0 || !membership) {
      const names = gone.map(nameOf).join(', ')
      throw new AgentError('FAILED', `cannot commit within a transaction: ${names} went to another owner`)
    }
    this.#begin(positions)
    const due = positions.map((position) => this.#witnessed(position))
    await membership.commit(due, transaction)
  }

  /** Whoever goes on from there finds out by the epoch whether the log is still the one that was read. */
  #witnessed(position: CommitPosition): OffsetPosition {
    return { ...position, leaderEpoch: this.#ownership.find(position)?.fetchedEpoch ?? NO_EPOCH }
  }

  #isOurs(position: CommitPosition): boolean {
    return this.#ownership.find(position)?.epoch === position.epoch
  }

  #begin(positions: readonly CommitPosition[]): void {
    for (const position of positions) {
      const owned = this.#ownership.find(position)
      if (owned?.epoch === position.epoch) owned.committing = true
    }
  }
}
