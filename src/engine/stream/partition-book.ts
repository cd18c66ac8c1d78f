import { nameOf, type LineBatch, type TopicPartition } from '../../domain/stream/line-batch.ts'
import { OffsetLedger } from '../../domain/stream/offset-ledger.ts'
import type { Millis } from '../../domain/time.ts'
import type { PartitionStanding } from '../../domain/transactions/extent.ts'
import type { CommitPosition } from '../ports.ts'

/** An offset of a partition in one of its epochs. */
export interface Position extends TopicPartition {
  readonly offset: number
  readonly epoch: number
}

interface Entry extends TopicPartition {
  ledger: OffsetLedger
  /** The epoch in which it became ours; younger ones are rewinds. */
  readonly since: number
  /** The first offset that was handed over; null before. */
  begin: number | null
  committed: { readonly offset: number | null; readonly metadata: string }
  /** Handed over, not settled, and to be fetched again from here. */
  rewoundTo: number | null
  /** When the partition last had nothing outstanding or made progress; the base of "stuck". */
  progressAt: Millis
}

/**
 * The ledgers of all assigned partitions. Only what `toCommit` names may be committed; a batch or a settlement of
 * an epoch that is over is refused here, so that no part above needs to think of rebalances.
 */
export class PartitionBook {
  readonly #entries = new Map<string, Entry>()

  /** The partition is ours from now on, with nothing handed over. */
  assign(partition: TopicPartition, epoch: number, at: Millis): void {
    this.#entries.set(nameOf(partition), {
      topic: partition.topic,
      partition: partition.partition,
      ledger: new OffsetLedger(epoch),
      since: epoch,
      begin: null,
      committed: { offset: null, metadata: '' },
      rewoundTo: null,
      progressAt: at,
    })
  }

  /** What the last owner committed beside its position. */
  noted(partition: TopicPartition, metadata: string): void {
    const entry = this.#entries.get(nameOf(partition))
    if (entry) entry.committed = { ...entry.committed, metadata }
  }

  /** They are ours no more. */
  drop(partitions: readonly TopicPartition[]): void {
    for (const partition of partitions) this.#entries.delete(nameOf(partition))
  }

  /** Forgets all partitions; gives those with records that were to be fetched again and were not yet. */
  clear(): Position[] {
    const left = this.#list().flatMap(({ topic, partition, ledger, rewoundTo }) =>
      rewoundTo === null ? [] : [{ topic, partition, offset: rewoundTo, epoch: ledger.epoch }],
    )
    this.#entries.clear()
    return left
  }

  /** True while the batch's partition is ours and was not rewound since the batch was fetched. */
  accepts(batch: TopicPartition & { readonly epoch: number }): boolean {
    return this.#entries.get(nameOf(batch))?.ledger.epoch === batch.epoch
  }

  /** The Calculator has offsets [first, next) of the batch. */
  handedOver(batch: LineBatch, first: number, next: number, at: Millis): void {
    const entry = this.#entries.get(nameOf(batch))
    if (entry?.ledger.epoch !== batch.epoch) return
    if (entry.ledger.unsettled() === 0) entry.progressAt = at
    entry.rewoundTo = null
    entry.begin ??= first
    entry.ledger.handedOver(first, next)
  }

  /** Offsets [first, next) are done, unless the epoch is over. */
  settle(partition: TopicPartition, epoch: number, first: number, next: number, at: Millis): void {
    const entry = this.#entries.get(nameOf(partition))
    if (!entry) return
    entry.ledger.settle(epoch, first, next)
    entry.progressAt = at
  }

  /** What is handed over up to now, per partition with something outstanding: the claim of a relay checkpoint. */
  outstanding(): Position[] {
    return this.#list().flatMap(({ topic, partition, ledger }) => {
      const end = ledger.end()
      return end !== null && ledger.unsettled() > 0 ? [{ topic, partition, offset: end, epoch: ledger.epoch }] : []
    })
  }

  /** Everything below the claimed offsets is settled, unless the epoch is over. */
  settleClaim(claim: readonly Position[], at: Millis): void {
    for (const { topic, partition, offset, epoch } of claim) {
      const entry = this.#entries.get(nameOf({ topic, partition }))
      const from = entry?.ledger.position() ?? null
      if (entry && from !== null && from < offset) {
        entry.ledger.settle(epoch, from, offset)
        entry.progressAt = at
      }
    }
  }

  /** Records handed over and not settled, of all partitions. */
  unsettled(): number {
    return this.#list().reduce((sum, { ledger }) => sum + ledger.unsettled(), 0)
  }

  partitions(): TopicPartition[] {
    return this.#list().map(({ topic, partition }) => ({ topic, partition }))
  }

  /** Handed over and not settled, of one partition. */
  unsettledOf(at: TopicPartition): number {
    return this.#entries.get(nameOf(at))?.ledger.unsettled() ?? 0
  }

  /** Epoch and position of a partition that is ours, else null. */
  standing(at: TopicPartition): PartitionStanding | null {
    const ledger = this.#entries.get(nameOf(at))?.ledger
    return ledger ? { epoch: ledger.epoch, position: ledger.position() } : null
  }

  /** The next offset to commit of a partition that is ours; null before anything was handed over. */
  position(at: TopicPartition): number | null {
    return this.#entries.get(nameOf(at))?.ledger.position() ?? null
  }

  /** `note`: what is committed beside a position. */
  toCommit(note: (at: TopicPartition, position: number) => string): CommitPosition[] {
    return this.#list().flatMap(({ topic, partition, ledger, committed }) => {
      const offset = ledger.position()
      if (offset === null) return []
      const metadata = note({ topic, partition }, offset)
      const isDue = offset !== committed.offset || metadata !== committed.metadata
      return isDue ? [{ topic, partition, offset, epoch: ledger.epoch, metadata }] : []
    })
  }

  /** Also what was asked for before a rewind holds. */
  committed(positions: readonly CommitPosition[]): void {
    for (const { topic, partition, offset, epoch, metadata = '' } of positions) {
      const entry = this.#entries.get(nameOf({ topic, partition }))
      if (entry && epoch >= entry.since && epoch <= entry.ledger.epoch) entry.committed = { offset, metadata }
    }
  }

  /** Begins a new epoch wherever something is outstanding, and says from where those partitions are to be fetched again. */
  rewindOutstanding(): Position[] {
    return this.#list().flatMap((entry) => {
      const { topic, partition, ledger } = entry
      const offset = ledger.position()
      if (offset === null || ledger.unsettled() === 0) return []
      ledger.restart(ledger.epoch + 1)
      entry.rewoundTo = offset
      return [{ topic, partition, offset, epoch: ledger.epoch }]
    })
  }

  /**
   * Takes back every settlement since the last commit: begins a new epoch wherever something beyond it was handed over,
   * and says from where those partitions are to be fetched again.
   */
  rewindUncommitted(): Position[] {
    return this.#list().flatMap((entry) => {
      const { topic, partition, ledger } = entry
      const offset = entry.committed.offset ?? entry.begin
      const end = ledger.end()
      if (offset === null || end === null || end <= offset) return []
      entry.ledger = new OffsetLedger(ledger.epoch + 1)
      entry.rewoundTo = offset
      return [{ topic, partition, offset, epoch: entry.ledger.epoch }]
    })
  }

  /** How long the partition has made no progress, or had nothing to do; null for one that is not ours. */
  restingFor(partition: TopicPartition, at: Millis): Millis | null {
    const entry = this.#entries.get(nameOf(partition))
    return entry ? at - entry.progressAt : null
  }

  /** Partitions with something outstanding and no progress for longer than `limit`. */
  stuck(at: Millis, limit: Millis): TopicPartition[] {
    return this.#list()
      .filter(({ ledger, progressAt }) => ledger.unsettled() > 0 && at - progressAt > limit)
      .map(({ topic, partition }) => ({ topic, partition }))
  }

  #list(): Entry[] {
    return [...this.#entries.values()]
  }
}
