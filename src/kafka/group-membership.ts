import type { TopicPartition } from '../domain/stream/line-batch.ts'

/** What a source needs of its membership in a consumer group. */
export interface Membership {
  readonly joined: boolean
  /** What is wrong now, for a person; null when nothing is. */
  readonly problem: string | null
  /** Joins, and joins again, until `close`. */
  run(): Promise<void>
  /** Rejects with AgentError FAILED when the membership changed meanwhile. */
  commit(positions: readonly (TopicPartition & { readonly offset: number })[]): Promise<void>
  /** -1: nothing is committed. */
  committed(partitions: readonly TopicPartition[]): Promise<readonly (TopicPartition & { readonly offset: number })[]>
  close(): Promise<void>
}

/** Who works on the partitions. */
export interface MembershipOwner {
  /** Newly owned; those that stay are not told again. */
  assigned(partitions: readonly TopicPartition[]): void
  /** Resolves when what can be finished is finished and committed; commits are possible until then. */
  revoked(partitions: readonly TopicPartition[]): Promise<void>
  /** Gone without notice: nothing of them can be committed. */
  lost(partitions: readonly TopicPartition[]): void
}
