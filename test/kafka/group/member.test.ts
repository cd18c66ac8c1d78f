import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AssignerProtocol, type PartitionAssigner } from 'kafkajs'
import { TestKafka } from '../../support/kafka.ts'
import { waitFor } from '../../support/wait-for.ts'
import { SESSION } from '../rig.ts'
import { all, counts, partitionsOf, startMember } from './rig.ts'

test('members that join and leave share the partitions, and what stays with its owner is never revoked', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(6)
  const groupId = broker.groupId()
  const first = startMember(t, { groupId, topics: [topic] })
  await waitFor('the first has all', () => first.owner.owned.length === 6)
  const second = startMember(t, { groupId, topics: [topic] })
  await waitFor('3 and 3', () => counts(first, second).join() === '3,3')
  const third = startMember(t, { groupId, topics: [topic] })
  await waitFor('2 each', () => counts(first, second, third).join() === '2,2,2')
  assert.deepEqual(all(first, second, third), partitionsOf(topic, 6))
  await third.member.close()
  await waitFor('3 and 3 again', () => counts(first, second).join() === '3,3')
  await second.member.close()
  await waitFor('6 again', () => first.owner.owned.length === 6)
  // Of the six, three and then one were given away; nothing that stayed was touched.
  assert.equal(first.owner.told.filter((each) => each.startsWith('-')).length, 4)
  assert.equal(second.owner.told.filter((each) => each.startsWith('-')).length, 1)
  assert.equal(third.owner.told.filter((each) => each.startsWith('-')).length, 0)
})

test('members with different topics in one group get the partitions of theirs', async (t) => {
  const broker = new TestKafka(t)
  const [one, common] = [await broker.createTopic(2), await broker.createTopic(4)]
  const groupId = broker.groupId()
  // The first leads, and does not subscribe to what the third reads.
  const first = startMember(t, { groupId, topics: [one, common] })
  await waitFor('all', () => first.owner.owned.length === 6)
  const second = startMember(t, { groupId, topics: [common] })
  await waitFor('3 each', () => counts(first, second).join() === '3,3')
  const other = await broker.createTopic(3)
  const third = startMember(t, { groupId, topics: [other] })
  await waitFor('3 each', () => counts(first, second, third).join() === '3,3,3')
  assert.deepEqual(third.owner.owned, partitionsOf(other, 3))
  assert.deepEqual(all(first, second), [...partitionsOf(one, 2), ...partitionsOf(common, 4)].sort())
  // Another member's topic goes: that is no trouble for anybody.
  await third.member.close()
  await (await broker.admin()).deleteTopics({ topics: [other], timeout: 30_000 })
  await second.member.close()
  await waitFor('6 again', () => first.owner.owned.length === 6)
  assert.equal(first.member.problem, null)
})

test('of a killed member the others take the partitions once its session is over', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(4)
  const groupId = broker.groupId()
  const first = startMember(t, { groupId, topics: [topic], sessionTimeoutMs: SESSION })
  const second = startMember(t, { groupId, topics: [topic], sessionTimeoutMs: SESSION })
  await waitFor('2 each', () => counts(first, second).join() === '2,2')
  second.kill()
  await waitFor('all', () => first.owner.owned.length === 4, { timeout: 60_000 })
  assert.equal(first.owner.told.filter((each) => each.startsWith('!')).length, 0)
})

test('new partitions of a topic are noticed, by whoever leads and whoever subscribes', async (t) => {
  const broker = new TestKafka(t)
  const [one, two] = [await broker.createTopic(1), await broker.createTopic(1)]
  const groupId = broker.groupId()
  const first = startMember(t, { groupId, topics: [one], watchEveryMs: 100 })
  await waitFor('one', () => first.owner.owned.length === 1)
  const second = startMember(t, { groupId, topics: [two], watchEveryMs: 100 })
  await waitFor('two', () => second.owner.owned.length === 1)
  const admin = await broker.admin()
  await admin.createPartitions({ topicPartitions: [{ topic: one, count: 3 }] })
  await waitFor("the leader's", () => first.owner.owned.length === 3)
  await admin.createPartitions({ topicPartitions: [{ topic: two, count: 2 }] })
  await waitFor("the other's", () => second.owner.owned.length === 2)
  assert.deepEqual(all(first, second), [...partitionsOf(one, 3), ...partitionsOf(two, 2)].sort())
  assert.ok([first, second].every(({ owner }) => owner.told.every((each) => each.startsWith('+'))))
})

test('a follower alone may notice new partitions: the leader is another client', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(1)
  const groupId = broker.groupId()
  const leader = startMember(t, { groupId, topics: [topic] })
  await waitFor('one', () => leader.owner.owned.length === 1)
  const follower = startMember(t, { groupId, topics: [topic], watchEveryMs: 100 })
  await waitFor('joined', () => follower.member.joined)
  await (await broker.admin()).createPartitions({ topicPartitions: [{ topic, count: 2 }] })
  await waitFor('1 each', () => counts(leader, follower).join() === '1,1')
})

test('eager members give everything away before each rebalance', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(4)
  const groupId = broker.groupId()
  const eager = { groupId, topics: [topic], protocol: 'eager' } as const
  const first = startMember(t, eager)
  await waitFor('all', () => first.owner.owned.length === 4)
  first.owner.onRevoked = (partitions) =>
    first.member.commit(partitions.map(({ partition }) => ({ topic, partition, offset: 4 })))
  const second = startMember(t, eager)
  await waitFor('2 each', () => counts(first, second).join() === '2,2')
  assert.deepEqual(
    first.owner.told.slice(4, 8),
    partitionsOf(topic, 4).map((each) => `-${each}`),
  )
  // Ranges: one has the first half, the other the second.
  assert.deepEqual([first, second].flatMap(({ owner }) => owner.owned.join()).sort(), [
    `${topic}/0,${topic}/1`,
    `${topic}/2,${topic}/3`,
  ])
  assert.deepEqual(await broker.committed(groupId, topic), [4, 4, 4, 4])
})

test('members of other clients are understood: kafkajs, in an eager group that we lead', async (t) => {
  const broker = new TestKafka(t)
  const [one, two] = [await broker.createTopic(2), await broker.createTopic(2)]
  const groupId = broker.groupId()
  const ours = startMember(t, { groupId, topics: [one], protocol: 'eager', watchEveryMs: 100 })
  await waitFor('all', () => ours.owner.owned.length === 2)
  const range: PartitionAssigner = () => ({
    name: 'range',
    version: 1,
    protocol: ({ topics }) => ({
      name: 'range',
      metadata: AssignerProtocol.MemberMetadata.encode({ version: 1, topics, userData: Buffer.alloc(0) }),
    }),
    assign: () => Promise.reject(new Error('it never leads')),
  })
  const consumer = broker.kafka.consumer({ groupId, partitionAssigners: [range], heartbeatInterval: 100 })
  t.after(() => consumer.disconnect())
  let assigned: string[] = []
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    assigned = Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => `${topic}/${partition}`),
    )
  })
  await consumer.connect()
  await consumer.subscribe({ topics: [one, two] })
  await consumer.run({ eachBatch: () => Promise.resolve() })
  await waitFor('three for kafkajs', () => assigned.length === 3)
  await waitFor('one for us', () => ours.owner.owned.length === 1)
  assert.deepEqual([...assigned, ...ours.owner.owned].sort(), [...partitionsOf(one, 2), ...partitionsOf(two, 2)].sort())
  // It watches no partition counts: the leader has to, also of topics that it does not read.
  await (await broker.admin()).createPartitions({ topicPartitions: [{ topic: two, count: 4 }] })
  await waitFor('five for kafkajs', () => assigned.length === 5)
})

test('a group with another protocol is told with its cure, and joined once its members are gone', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(1)
  const groupId = broker.groupId()
  const eager = startMember(t, { groupId, topics: [topic], protocol: 'eager' })
  await waitFor('all', () => eager.owner.owned.length === 1)
  const cooperative = startMember(t, { groupId, topics: [topic] })
  await waitFor('the problem', () => cooperative.member.problem?.includes('set GROUP_PROTOCOL=eager'))
  await eager.member.close()
  await waitFor('joined', () => cooperative.owner.owned.length === 1 && cooperative.member.problem === null)
  assert.equal(cooperative.lines.of('kafka.group').length, 1)
})
