import type { TopicPartition } from '../../domain/stream/line-batch.ts'
import type { Millis } from '../../domain/time.ts'
import type { Clock } from '../../engine/ports.ts'
import type { KafkaLog } from '../log.ts'
import type { GroupClusters } from './coordinator.ts'
import type { GroupProtocol } from './leader.ts'

/** Whoever works on the partitions that the member owns. */
export interface MemberOwner {
  /** Newly owned partitions; those that stay are not told again. Never empty. */
  assigned(partitions: readonly TopicPartition[]): void
  /**
   * Taken away in order: resolves when everything is drained and committed. The member heartbeats meanwhile and commits
   * are possible. After half the rebalance timeout they are gone all the same, and `lost` tells so.
   */
  revoked(partitions: readonly TopicPartition[]): Promise<void>
  /** Gone without notice (session expired, fenced): nothing of them can be committed. */
  lost(partitions: readonly TopicPartition[]): void
}

export interface GroupMemberSettings extends GroupClusters {
  readonly groupId: string
  /** They exist, or did a moment ago; at least one. */
  readonly topics: readonly string[]
  /** `cooperative` offers only cooperative-sticky and keeps what it owns while it joins; `eager` range and round-robin. */
  readonly protocol: GroupProtocol
  /** Static membership: a restart within the session timeout is no rebalance. */
  readonly groupInstanceId?: string
  /** Leave on close though the membership is static. */
  readonly leaveOnStop?: boolean
  readonly sessionTimeoutMs: Millis
  /** How often the partition counts are looked at; default 10 s, tests are less patient. */
  readonly watchEveryMs?: Millis
  readonly owner: MemberOwner
  readonly clock: Clock
  readonly log: KafkaLog
}
