// Partitions that go and come back before it is committed where their reading began.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { AgentError } from '../../src/domain/errors.ts'
import { TestKafka } from '../support/kafka.ts'
import { waitFor } from '../support/wait-for.ts'
import { scriptedSource, type Scripted, type ScriptedMembership } from './scripted-membership.ts'

interface World extends Scripted {
  readonly topic: string
  readonly membership: ScriptedMembership
  readonly produce: (...values: string[]) => Promise<void>
  readonly asked: () => number[][]
}

/** Two records lie in a topic that is read from its end; two more were read since. No commit is possible. */
async function world(t: TestContext): Promise<World> {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  const produce = (...values: string[]): Promise<void> =>
    broker.produce(
      topic,
      values.map((value) => ({ value })),
    )
  await produce('a', 'b')
  const scripted = await scriptedSource(t, { topic, from: 'latest' })
  const membership = scripted.memberships[0] ?? assert.fail()
  membership.onCommit = () => Promise.reject(new AgentError('UNAVAILABLE', 'no coordinator'))
  membership.owner.assigned([{ topic, partition: 0 }])
  await waitFor('the refusal', () => membership.commits.length === 1)
  await produce('c', 'd')
  await waitFor('what came since', () => scripted.receiver.records === 2)
  const asked = (): number[][] => membership.commits.map((list) => list.map(({ offset }) => offset))
  return { ...scripted, topic, membership, produce, asked }
}

test('a partition that was lost is read again from where its reading began, which is committed then', async (t) => {
  const { clock, receiver, membership, topic, asked } = await world(t)
  const at = [{ topic, partition: 0 }]
  // The second time before anything could be found out.
  membership.owner.lost(at)
  membership.owner.assigned(at)
  membership.owner.lost(at)
  membership.onCommit = () => Promise.resolve()
  membership.owner.assigned(at)
  await waitFor('the records again', () => receiver.records >= 4)
  assert.deepEqual(receiver.texts.slice(2, 4), ['0:2:c', '0:3:d'])
  await clock.advance(5_000)
  assert.deepEqual(asked().at(-1), [2])
})

test('one that another owner has committed meanwhile is not', async (t) => {
  const { receiver, lines, membership, topic, produce } = await world(t)
  const at = [{ topic, partition: 0 }]
  membership.owner.lost(at)
  membership.last = { offset: 4, leaderEpoch: 0 }
  membership.owner.assigned(at)
  await produce('e')
  await waitFor('the next record', () => receiver.texts.at(-1) === '0:4:e')
  assert.equal(receiver.records, 3)
  // That it was is not forgotten, either.
  membership.owner.lost(at)
  membership.last = { offset: -1, leaderEpoch: -1 }
  membership.owner.assigned(at)
  await waitFor('the third start', () => lines.of('kafka.start').length === 3)
  await produce('f')
  await waitFor('the next record', () => receiver.texts.at(-1) === '0:5:f')
  assert.equal(receiver.records, 4)
})
