import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestKafka } from '../../support/kafka.ts'
import { waitFor } from '../../support/wait-for.ts'
import { startMember, type Running } from './rig.ts'

const counts = (...members: Running[]): number[] => members.map(({ owner }) => owner.owned.length)
const all = (...members: Running[]): string[] => members.flatMap(({ owner }) => owner.owned).sort()
const partitionsOf = (topic: string, count: number): string[] =>
  Array.from({ length: count }, (_, partition) => `${topic}/${partition}`)

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
  await (await broker.admin()).deleteTopics({ topics: [other] })
  await second.member.close()
  await waitFor('6 again', () => first.owner.owned.length === 6)
  assert.equal(first.member.problem, null)
})

test('a static member that comes back within the session timeout is no rebalance for anybody', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(4)
  const groupId = broker.groupId()
  const stays = startMember(t, { groupId, topics: [topic], groupInstanceId: 'a' })
  const before = startMember(t, { groupId, topics: [topic], groupInstanceId: 'b' })
  await waitFor('2 each', () => counts(stays, before).join() === '2,2')
  const { generation } = stays.member
  const told = stays.owner.told.length
  await before.member.close()
  const after = startMember(t, { groupId, topics: [topic], groupInstanceId: 'b' })
  await waitFor('the same partitions', () => after.owner.owned.length === 2)
  assert.deepEqual(after.owner.owned, before.owner.owned)
  await after.member.commit([{ topic, partition: Number(after.owner.owned[0]?.split('/')[1]), offset: 0 }])
  assert.deepEqual([stays.member.generation, after.member.generation], [generation, generation])
  assert.equal(stays.owner.told.length, told)
})

test('a static member that comes back with other topics gets those', async (t) => {
  const broker = new TestKafka(t)
  const [one, two] = [await broker.createTopic(2), await broker.createTopic(2)]
  const groupId = broker.groupId()
  const stays = startMember(t, { groupId, topics: [one], groupInstanceId: 'a' })
  await waitFor('all of one', () => stays.owner.owned.length === 2)
  const before = startMember(t, { groupId, topics: [one], groupInstanceId: 'b' })
  await waitFor('1 each', () => counts(stays, before).join() === '1,1')
  await before.member.close()
  const more = startMember(t, { groupId, topics: [one, two], groupInstanceId: 'b' })
  await waitFor('the second topic too', () => counts(stays, more).join() === '2,2')
  assert.deepEqual(more.owner.owned, partitionsOf(two, 2))
  await more.member.close()
  const less = startMember(t, { groupId, topics: [one], groupInstanceId: 'b' })
  await waitFor('the first topic alone', () => counts(stays, less).join() === '1,1')
  assert.ok(less.owner.told.every((each) => each.includes(one)))
})

test('a static member leaves on stop if it is told to', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(2)
  const groupId = broker.groupId()
  const stays = startMember(t, { groupId, topics: [topic] })
  const goes = startMember(t, { groupId, topics: [topic], groupInstanceId: 'b', leaveOnStop: true })
  await waitFor('1 each', () => counts(stays, goes).join() === '1,1')
  await goes.member.close()
  await waitFor('2', () => stays.owner.owned.length === 2)
})
