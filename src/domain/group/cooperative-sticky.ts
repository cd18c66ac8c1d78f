// The assignor of GROUP_PROTOCOL=cooperative, by the rules that all members named "cooperative-sticky" rely on
// (Java: CooperativeStickyAssignor).
import { Claims } from './claims.ts'
import { Shares } from './shares.ts'
import { AssignmentList, type Assignments, type PartitionCounts, type Subscriber } from './subscriber.ts'

/**
 * Gives partitions to subscribers of their topic, so that nobody has two more than a subscriber that could take one of
 * them, and members keep what they own as far as that allows. A partition that changes hands is given to nobody in
 * this generation: its owner sees that, lets go, and joins again; the next generation has it for the new owner, and
 * moves nothing else.
 */
export function assignCooperatively(members: readonly Subscriber[], counts: PartitionCounts): Assignments {
  const claims = new Claims(members)
  const shares = new Shares(members, counts, claims)
  shares.level('fresh')
  shares.level('any')
  const list = new AssignmentList(members)
  for (const { member, topic, partition } of shares) {
    if (claims.ownerOf(topic, partition) === member || claims.isFree(topic, partition)) {
      list.give(member.memberId, topic, partition)
    }
  }
  return list.done()
}
