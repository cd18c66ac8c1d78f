import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestKafka } from '../../support/kafka.ts'
import { waitFor } from '../../support/wait-for.ts'
import { counts, partitionsOf, startMember } from './rig.ts'

/** Who comes back does so within this time, also on a machine that stalls. */
const patient = { sessionTimeoutMs: 30_000 }

test('a static member that comes back within the session timeout is no rebalance for anybody', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(4)
  const groupId = broker.groupId()
  const stays = startMember(t, { groupId, topics: [topic], groupInstanceId: 'a', ...patient })
  const before = startMember(t, { groupId, topics: [topic], groupInstanceId: 'b', ...patient })
  await waitFor('2 each', () => counts(stays, before).join() === '2,2')
  const { generation } = stays.member
  const told = stays.owner.told.length
  await before.member.close()
  const after = startMember(t, { groupId, topics: [topic], groupInstanceId: 'b', ...patient })
  await waitFor('the same partitions', () => after.owner.owned.length === 2)
  assert.deepEqual(after.owner.owned, before.owner.owned)
  await after.member.commit([{ topic, partition: Number(after.owner.owned[0]?.split('/')[1]), offset: 0 }])
  assert.deepEqual([stays.member.generation, after.member.generation], [generation, generation])
  assert.equal(stays.owner.told.length, told)

  // The first to join leads: it may come back too.
  await stays.member.close()
  const leader = startMember(t, { groupId, topics: [topic], groupInstanceId: 'a', ...patient })
  await waitFor('the same partitions', () => leader.owner.owned.length === 2)
  assert.deepEqual(leader.owner.owned, stays.owner.owned)
  assert.deepEqual([leader.member.generation, after.member.generation], [generation, generation])
})

test('a static member that comes back with other topics gets those', async (t) => {
  const broker = new TestKafka(t)
  const [one, two] = [await broker.createTopic(2), await broker.createTopic(2)]
  const groupId = broker.groupId()
  const stays = startMember(t, { groupId, topics: [one], groupInstanceId: 'a', ...patient })
  await waitFor('all of one', () => stays.owner.owned.length === 2)
  const before = startMember(t, { groupId, topics: [one], groupInstanceId: 'b', ...patient })
  await waitFor('1 each', () => counts(stays, before).join() === '1,1')
  await before.member.close()
  const more = startMember(t, { groupId, topics: [one, two], groupInstanceId: 'b', ...patient })
  await waitFor('the second topic too', () => counts(stays, more).join() === '2,2')
  assert.deepEqual(more.owner.owned, partitionsOf(two, 2))
  await more.member.close()
  const less = startMember(t, { groupId, topics: [one], groupInstanceId: 'b', ...patient })
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
