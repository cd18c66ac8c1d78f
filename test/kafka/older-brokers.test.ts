// Brokers that have no topic ids yet: the real one, which says so of itself.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { needed } from '../../src/kafka/doctor/versions.ts'
import { RequestWriter } from '../../src/kafka/protocol/request-writer.ts'
import { TestKafka } from '../support/kafka.ts'
import { waitFor } from '../support/wait-for.ts'
import { asked, cut, FETCH } from './cut-log.ts'
import { startProxy, type Proxy } from './proxy.ts'
import { scriptedSource, type Scripted, type ScriptedMembership } from './scripted-membership.ts'

const API_VERSIONS = 18

interface Scene extends Scripted {
  readonly topic: string
  readonly membership: ScriptedMembership
  readonly proxy: Proxy
}

/** Five records lie in a topic. The broker has the oldest versions with which we work, and Fetch up to `fetchVersion`. */
async function scene(t: TestContext, fetchVersion: number): Promise<Scene> {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  await broker.produce(
    topic,
    Array.from({ length: 5 }, (_, i) => ({ value: `line ${i}` })),
  )
  const to = new RequestWriter().int16(0)
  to.array(needed, ([key, , version]) =>
    to
      .int16(key)
      .int16(0)
      .int16(key === FETCH ? fetchVersion : version),
  ).int32(0)
  const versions = Buffer.concat(to.pieces())
  const proxy = await startProxy(t)
  proxy.instead = ({ apiKey }) => (apiKey === API_VERSIONS ? versions : null)
  const scripted = await scriptedSource(t, { topic, ...proxy })
  const [membership] = scripted.memberships
  assert.ok(membership)
  return { ...scripted, topic, membership, proxy }
}

for (const version of [11, 12]) {
  test(`a broker with Fetch ${version} is read by the name of the topic`, async (t) => {
    const { source, receiver, membership, proxy, topic } = await scene(t, version)
    const seen = new Set<number>()
    proxy.fate = ({ apiKey, apiVersion }) => {
      if (apiKey === FETCH) seen.add(apiVersion)
      return 'pass'
    }
    membership.owner.assigned([{ topic, partition: 0 }])
    await waitFor('the records', () => receiver.records === 5)
    await new TestKafka(t).produce(topic, [{ value: 'line 5' }])
    await waitFor('the next record', () => receiver.texts.at(-1) === '0:5:line 5')
    assert.deepEqual([...seen], [version])
    assert.equal(source.health().error, null)
  })
}

test('a broker with Fetch 12 tells that a log was cut', async (t) => {
  const { source, receiver, lines, membership, proxy, topic } = await scene(t, 12)
  membership.owner.assigned([{ topic, partition: 0 }])
  await waitFor('the records', () => receiver.records === 5)
  membership.last = { offset: 5, leaderEpoch: 0 }
  const question = await cut(proxy, 3)
  assert.deepEqual(question, { apiVersion: 12, topic, offset: 5, fetchedEpoch: 0 })
  await waitFor('what is there now', () => receiver.records === 7)
  assert.deepEqual(receiver.texts.slice(5), ['0:3:line 3', '0:4:line 4'])
  const committed = membership.commits.map((list) => list.map(({ offset }) => offset))
  assert.deepEqual(committed, [[3]])
  assert.equal(lines.of('kafka.truncated').length, 1)
  assert.equal(source.health().error, null)
})

test('a topic that was away and is made anew is no log that was cut, though no id tells so', async (t) => {
  const { source, receiver, lines, clock, membership, topic } = await scene(t, 12)
  membership.owner.assigned([{ topic, partition: 0 }])
  await waitFor('the records', () => receiver.records === 5)
  membership.last = { offset: 5, leaderEpoch: 0 }
  const broker = new TestKafka(t)
  await (await broker.admin()).deleteTopics({ topics: [topic], timeout: 30_000 })
  await waitFor('that it is away', () => source.health().error !== null)
  await broker.createTopic(1, { name: topic })
  await broker.produce(
    topic,
    Array.from({ length: 3 }, (_, i) => ({ value: `anew ${i}` })),
  )
  const looked = async (): Promise<void> => clock.advance(1000)
  await waitFor('all of the new topic', async () => looked().then(() => receiver.records === 8))
  assert.deepEqual(receiver.texts.slice(5), ['0:0:anew 0', '0:1:anew 1', '0:2:anew 2'])
  assert.equal(lines.of('kafka.truncated').length, 0)
  await waitFor('nothing is wrong', async () => looked().then(() => source.health().error === null))
})

test('what a broker with Fetch 12 is asked it takes for a question about leader epochs', async (t) => {
  const { receiver, lines, membership, proxy, topic } = await scene(t, 12)
  membership.last = { offset: 2, leaderEpoch: 99 }
  const epochs: number[] = []
  proxy.fate = (request) => {
    if (request.apiKey === FETCH) epochs.push(asked(request).fetchedEpoch)
    return 'pass'
  }
  membership.owner.assigned([{ topic, partition: 0 }])
  await waitFor('the rest', () => receiver.records === 3)
  assert.equal(epochs[0], 99)
  assert.match(lines.of('kafka.out-of-range')[0]?.message ?? '', /leader epoch 99, and this log has none as new/)
})
