import { assignCooperatively } from '../../domain/group/cooperative-sticky.ts'
import { assignInTurn, assignRanges } from '../../domain/group/eager.ts'
import type { Assignments, PartitionCounts, Subscriber } from '../../domain/group/subscriber.ts'
import { encodeAssignment } from '../protocol/assignment.ts'
import { decodeSubscription, type Subscription } from '../protocol/subscription.ts'
import { explain } from '../errors.ts'
import type { KafkaLog } from '../log.ts'
import type { PartitionWatch } from './partition-watch.ts'
import type { JoinAnswer } from './requests.ts'

/** How partitions change hands: one by one, or all of them at each rebalance. */
export type GroupProtocol = 'cooperative' | 'eager'
type Assignor = (members: readonly Subscriber[], counts: PartitionCounts) => Assignments

/** Of a topic that only others see: their word must not keep us busy for ever. */
const MOST_PARTITIONS = 10_000

/** By the names that all clients know them by. */
const assignors: Readonly<Record<string, Assignor>> = {
  'cooperative-sticky': assignCooperatively,
  range: assignRanges,
  roundrobin: assignInTurn,
}

/** What a member offers, the favourite first. Who owns nothing when it joins must not meet those who keep what they own. */
export const offered: Readonly<Record<GroupProtocol, readonly string[]>> = {
  cooperative: ['cooperative-sticky'],
  eager: ['range', 'roundrobin'],
}

/**
 * The leader's work: an assignment for each member. Rejects as KafkaCluster.metadata when the partition counts cannot
 * be had.
 */
export async function lead(
  { members, protocol }: JoinAnswer,
  watch: PartitionWatch,
  log: KafkaLog,
): Promise<(readonly [memberId: string, assignment: Buffer])[]> {
  const assignor = assignors[protocol]
  if (assignor === undefined) throw new Error(`invariant broken: the group chose ${protocol}, which was never offered`)
  const subscribers = members.map(({ memberId, instanceId, metadata }) => {
    return { ...read(memberId, metadata, log), memberId, instanceId }
  })
  const topics = [...new Set(subscribers.flatMap((each) => each.topics))]
  watch.watchAlso(topics)
  await watch.look(topics)
  const assignments = assignor(subscribers, withHidden(watch.counts(topics), topics, subscribers, log))
  return [...assignments].map(([memberId, each]) => [memberId, encodeAssignment(each)] as const)
}

function read(memberId: string, metadata: Buffer, log: KafkaLog): Subscription {
  try {
    return decodeSubscription(metadata)
  } catch (error) {
    log('warn', `member ${memberId} gets no partitions: ${explain(error)}`, {
      event: 'kafka.member-unreadable',
      member: memberId,
    })
    return { topics: [], owned: [], generation: -1, counts: new Map() }
  }
}

/**
 * Members of other workspaces may read topics that our user cannot see: then their own word counts, and at least they
 * keep what they own.
 */
function withHidden(
  counts: ReadonlyMap<string, number>,
  topics: readonly string[],
  subscribers: readonly (Subscriber & Subscription)[],
  log: KafkaLog,
): Map<string, number> {
  const all = new Map(counts)
  for (const topic of topics) {
    if (all.has(topic)) continue
    let told = 0
    for (const { counts: theirs, owned } of subscribers) {
      told = Math.max(told, theirs.get(topic) ?? 0)
      for (const each of owned) if (each.topic === topic) told = Math.max(told, each.partition + 1)
    }
    const count = Math.min(MOST_PARTITIONS, told)
    all.set(topic, count)
    log(count > 0 ? 'debug' : 'warn', `cannot see topic ${topic}: its members say it has ${count} partitions`, {
      event: 'kafka.topic-hidden',
      topic,
    })
  }
  return all
}
