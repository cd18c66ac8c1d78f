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
