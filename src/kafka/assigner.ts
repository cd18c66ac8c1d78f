import { AssignerProtocol, type PartitionAssigner } from 'kafkajs'
import type { AdminConnection } from './admin.ts'
import { assign } from './assign.ts'
import { explain } from './errors.ts'
import type { KafkaLog } from './log.ts'

/** All members of a consumer group must name the same; every agent of every workspace does. */
const NAME = 'pidpiper-subscribed'
const VERSION = 0

/**
 * The assigner of the agent's consumer groups, by `assign`. kafkajs's own (RoundRobinAssigner) spreads the leader's
 * topics over all members, whatever they subscribe to. `beforeJoin` is awaited before each request to join: kafkajs
 * joins again right after it has seen a rebalance, and what was being worked on has to be committed before.
 */
export function subscriptionAssigner(
  admin: AdminConnection,
  log: KafkaLog,
  beforeJoin: () => Promise<void>,
): PartitionAssigner {
  return ({ cluster }) => {
    // The first thing a join does, each time, is to look for the coordinator; kafkajs offers no other place to wait.
    const findGroupCoordinator = cluster.findGroupCoordinator.bind(cluster)
    cluster.findGroupCoordinator = async (group) => {
      await beforeJoin()
      return findGroupCoordinator(group)
    }
    return {
      name: NAME,
      version: VERSION,
      protocol: ({ topics }) => ({
        name: NAME,
        metadata: AssignerProtocol.MemberMetadata.encode({ version: VERSION, topics, userData: Buffer.alloc(0) }),
      }),
      assign: async ({ members }) => {
        const subscriptions = new Map(
          members.map(({ memberId, memberMetadata }) => [
            memberId,
            AssignerProtocol.MemberMetadata.decode(memberMetadata)?.topics ?? [],
          ]),
        )
        const counts = await partitionCounts(admin, log, new Set([...subscriptions.values()].flat()))
        return [...assign(subscriptions, counts)].map(([memberId, topics]) => ({
          memberId,
          memberAssignment: AssignerProtocol.MemberAssignment.encode({
            version: VERSION,
            assignment: Object.fromEntries([...topics].map(([topic, partitions]) => [topic, [...partitions]])),
            userData: Buffer.alloc(0),
          }),
        }))
      },
    }
  }
}

/**
 * Asked on a connection of its own: the consumer's would from then on ask for the other members' topics too, and fail
 * when one of them is deleted. A topic that cannot be seen has no partitions for anybody until the next rebalance.
 */
async function partitionCounts(
  admin: AdminConnection,
  log: KafkaLog,
  topics: ReadonlySet<string>,
): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for (const topic of topics) {
    try {
      const count = await admin.partitionCount(topic)
      if (count !== null) counts.set(topic, count)
    } catch (error) {
      log('warn', `cannot assign the partitions of topic ${topic}: ${explain(error)}`, {
        event: 'kafka.topic-hidden',
        topic,
      })
    }
  }
  return counts
}
