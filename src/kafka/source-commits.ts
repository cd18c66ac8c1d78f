import { AgentError } from '../domain/errors.ts'
import { nameOf } from '../domain/stream/line-batch.ts'
import type { CommitPosition } from '../engine/ports.ts'
import type { OwnedPartition } from './fetch/owned-partition.ts'
import type { OffsetPosition } from './group/offset-requests.ts'
import type { Membership } from './group-membership.ts'
import type { OwnedPartitions } from './owned-partitions.ts'
import { NO_EPOCH } from './protocol/fetch.ts'
import type { TransactionIdentity } from './transactions/requests.ts'

/** Has `offsets` commit within a transaction, and ends that. Rejects when nothing of it came to hold. */
export type Transact = (offsets: (transaction: TransactionIdentity) => Promise<void>) => Promise<void>

/** What a source commits through its membership: never for a partition that is not ours any more. */
export class SourceCommits {
  readonly #ownership: OwnedPartitions
  readonly #membership: () => Membership | null

  constructor(ownership: OwnedPartitions, membership: () => Membership | null) {
    this.#ownership = ownership
    this.#membership = membership
  }

  /** What is settled. Leaves out what is of an older epoch. Rejects as Membership.commit. */
  async settled(positions: readonly CommitPosition[]): Promise<void> {
    const ours = positions.filter((position) => this.#owned(position) !== null)
    if (ours.length === 0) return
    const due = ours.map((position) => this.#witnessed(position))
    try {
      await this.#deciding(ours, async () => this.#membership()?.commit(due))
    } catch (error) {
      for (const position of ours) this.#raise(position)
      throw error
    }
  }

  /** As `settled`, for where reading began, as far as that is due and no other commit is open that it could undo. */
  starts(partitions: readonly OwnedPartition[]): Promise<void> {
    return this.settled(
      partitions.flatMap(({ topic, partition, epoch, dueStart, openCommits }) =>
        dueStart && openCommits.size === 0 ? { topic, partition, epoch, ...dueStart } : [],
      ),
    )
  }

  /**
   * As `settled`, within a transaction: all or nothing. Rejects as `transact`, and makes it reject, with AgentError
   * FAILED, also where a position is of a partition that is not ours any more: its outputs may not be committed without
   * it.
   */
  async within(positions: readonly CommitPosition[], transact: Transact): Promise<void> {
    await this.#deciding(positions, () =>
      transact(async (transaction) => {
        const gone = positions.filter((position) => this.#owned(position) === null)
        const membership = this.#membership()
        if (gone.length > 0 || !membership) {
          const names = gone.map(nameOf).join(', ')
          throw new AgentError('FAILED', `cannot commit within a transaction: ${names} went to another owner`)
        }
        const due = positions.map((position) => this.#witnessed(position))
        await membership.commit(due, transaction)
      }),
    )
  }

  /** Makes a commit. Once it holds, the start that was due when it was asked for is due no more. */
  async #deciding(positions: readonly CommitPosition[], commit: () => Promise<void>): Promise<void> {
    const open = positions.flatMap((position) => {
      const owned = this.#owned(position)
      return owned ? { owned, start: owned.dueStart } : []
    })
    const decided = Promise.withResolvers<undefined>()
    for (const { owned } of open) owned.openCommits.add(decided.promise)
    try {
      await commit()
      for (const { owned, start } of open) if (owned.dueStart === start) owned.dueStart = null
    } finally {
      for (const { owned } of open) owned.openCommits.delete(decided.promise)
      decided.resolve(undefined)
    }
  }

  /** What was refused may hold in part, and all before it is settled: no earlier start may take it back. */
  #raise(position: CommitPosition): void {
    const start = this.#owned(position)?.dueStart
    if (!start || start.offset > position.offset) return
    start.offset = position.offset
    start.metadata = position.metadata ?? ''
  }

  /** Whoever goes on from there finds out by the epoch whether the log is still the one that was read. */
  #witnessed(position: CommitPosition): OffsetPosition {
    return { ...position, leaderEpoch: this.#owned(position)?.fetchedEpoch ?? NO_EPOCH }
  }

  /** Null: it went to another owner, or has another epoch since. */
  #owned(position: CommitPosition): OwnedPartition | null {
    const owned = this.#ownership.find(position)
    return owned?.epoch === position.epoch ? owned : null
  }
}
