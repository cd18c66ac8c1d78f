import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestKafka } from '../support/kafka.ts'
import { waitFor } from '../support/wait-for.ts'
import { scriptedSource } from './scripted-membership.ts'

const numbered = (count: number, from = 0): { value: string; partition: number }[] =>
  Array.from({ length: count }, (_, i) => ({ value: `line ${from + i}`, partition: 0 }))

test('nothing is read from a start that could not be committed, and the start stays the one found first', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  await broker.produce(topic, numbered(3))
  const { source, receiver, lines, clock, memberships } = await scriptedSource(t, { topic, from: 'latest' })
  const [membership] = memberships
  assert.ok(membership)
  membership.onCommit = () => Promise.reject(new Error('the coordinator moves'))
  membership.owner.assigned([{ topic, partition: 0 }])
  await waitFor('health', () => source.health().error?.includes('cannot settle where to begin: the coordinator moves'))
  assert.deepEqual(lines.of('kafka.start'), [])
  await broker.produce(topic, numbered(2, 3))
  membership.onCommit = () => Promise.resolve()
  await clock.advance(250)
  await waitFor('both records', () => receiver.records === 2)
  assert.deepEqual(receiver.texts, ['0:3:line 3', '0:4:line 4'])
  assert.deepEqual(
    membership.commits.map(([position]) => position?.offset),
    [3, 3],
  )
  assert.equal(source.health().error, null)
})

test('a start of a partition that went away before it could be committed is nobody’s problem any more', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  const { source, clock, memberships } = await scriptedSource(t, { topic, from: 'latest' })
  const [membership] = memberships
  assert.ok(membership)
  membership.onCommit = () => Promise.reject(new Error('the coordinator moves'))
  membership.owner.assigned([{ topic, partition: 0 }])
  await waitFor('health', () => source.health().error)
  membership.owner.lost([{ topic, partition: 0 }])
  await clock.advance(250)
  await waitFor('health', () => source.health().error === null)
  assert.equal(membership.commits.length, 1)
})
