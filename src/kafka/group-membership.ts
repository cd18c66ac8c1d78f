import type { KafkaCluster } from './cluster.ts'
import { GroupMember } from './group/member.ts'
import type { CommittedOffset, OffsetPosition } from './group/offset-requests.ts'
import type { GroupMemberSettings } from './group/settings.ts'
import type { TopicPartition } from '../domain/stream/line-batch.ts'
import type { TransactionIdentity } from './transactions/requests.ts'

/** What a source needs of its membership in a consumer group. */
export interface Membership {
  readonly joined: boolean
  /** What is wrong now, for a person; null when nothing is. */
  readonly problem: string | null
  /** Joins, and joins again, until `close`. */
  run(): Promise<void>
  /** Rejects with AgentError FAILED when the membership changed meanwhile. `transaction`: whose end makes it hold. */
  commit(positions: readonly OffsetPosition[], transaction?: TransactionIdentity): Promise<void>
  /** -1: nothing is committed. */
  committed(partitions: readonly TopicPartition[]): Promise<readonly CommittedOffset[]>
  close(): Promise<void>
  /** As `close`, and a static member leaves too: what it owns is for others from now on. */
  leave(): Promise<void>
}

/** A member of a consumer group over connections of its own, which end with it. */
export function membershipIn(
  cluster: () => KafkaCluster,
  settings: Omit<GroupMemberSettings, 'joining' | 'talking'>,
): Membership {
  const [joining, talking] = [cluster(), cluster()]
  const member = new GroupMember({ ...settings, joining, talking })
  const end = async (leaves: boolean): Promise<void> => {
    await member.close(leaves)
    joining.close()
    talking.close()
  }
  return {
    get joined() {
      return member.joined
    },
    get problem() {
      return member.problem
    },
    run: () => member.run(),
    commit: (positions, transaction) => member.commit(positions, transaction),
    committed: (partitions) => member.committed(partitions),
    close: () => end(false),
    leave: () => end(true),
  }
}
