// The assignors of GROUP_PROTOCOL=eager, as Java's members of the same names make them.
import {
  AssignmentList,
  compare,
  inOrder,
  type Assignments,
  type PartitionCounts,
  type Subscriber,
} from './subscriber.ts'

/** Each topic's partitions in runs, one run for each of its subscribers (Java: RangeAssignor). */
export function assignRanges(members: readonly Subscriber[], counts: PartitionCounts): Assignments {
  const list = new AssignmentList(members)
  const ordered = inOrder(members)
  for (const [topic, count] of counts) {
    const subscribers = ordered.filter(({ topics }) => topics.includes(topic))
    const share = Math.floor(count / subscribers.length)
    const extra = count % subscribers.length
    let partition = 0
    for (const [index, { memberId }] of subscribers.entries()) {
      const end = partition + share + (index < extra ? 1 : 0)
      for (; partition < end; partition++) list.give(memberId, topic, partition)
    }
  }
  return list.done()
}

/** All partitions in turn, each to the next member that subscribes to its topic (Java: RoundRobinAssignor). */
export function assignInTurn(members: readonly Subscriber[], counts: PartitionCounts): Assignments {
  const list = new AssignmentList(members)
  const ordered = inOrder(members)
  let turn = 0
  for (const topic of [...counts.keys()].sort(compare)) {
    if (!ordered.some(({ topics }) => topics.includes(topic))) continue
    for (let partition = 0; partition < (counts.get(topic) ?? 0); partition++) {
      while (!(ordered[turn % ordered.length]?.topics.includes(topic) ?? true)) turn++
      const member = ordered[turn++ % ordered.length]
      if (member) list.give(member.memberId, topic, partition)
    }
  }
  return list.done()
}
