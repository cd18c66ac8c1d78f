// Where reading begins is written down, though the coordinator refuses at first.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { AgentError } from '../../src/domain/errors.ts'
import type { Membership } from '../../src/kafka/group-membership.ts'
import { TestKafka } from '../support/kafka.ts'
import { waitFor } from '../support/wait-for.ts'
import { startSource, type Running } from './rig.ts'
import { scriptedSource, type Scripted, type ScriptedMembership } from './scripted-membership.ts'

/** As `real`, which is asked for the rest each time. */
const but = (real: Membership, own: Partial<Membership>): Membership =>
  Object.assign(Object.create(real) as Membership, own)

interface World extends Running {
  readonly topic: string
  readonly refusals: number
  readonly committed: () => Promise<number | null | undefined>
}

/** Three records lie in a topic that is read from its end; the first `times` commits are refused. */
async function refusing(t: TestContext, times: number): Promise<World> {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  const groupId = broker.groupId()
  await broker.produce(topic, [{ value: 'a' }, { value: 'b' }, { value: 'c' }])
  let refusals = 0
  const membership = (real: Membership): Membership => {
    const commit: Membership['commit'] = async (positions, transaction) => {
      if (refusals >= times) return real.commit(positions, transaction)
      refusals++
      throw new AgentError('UNAVAILABLE', 'cannot commit: no coordinator')
    }
    return but(real, { commit })
  }
  const running = await startSource(t, { groupId, topics: [topic], from: 'latest', membership })
  return {
    ...running,
    topic,
    get refusals() {
      return refusals
    },
    committed: async () => (await broker.committed(groupId, topic))[0],
  }
}

test('the start is committed however often that is refused, and nothing is wrong afterwards', async (t) => {
  const { source, committed } = await refusing(t, 2)
  await waitFor('the trouble', () => source.health().error?.includes('no coordinator') === true)
  await waitFor('the start is committed', async () => (await committed()) === 3)
  await waitFor('nothing is wrong', () => source.health().error === null)
})

test('what was committed since is not taken back', async (t) => {
  const world = await refusing(t, 1)
  const { source, topic, receiver, committed } = world
  await waitFor('the refusal', () => world.refusals === 1)
  await source.commit([{ topic, partition: 0, offset: 2, epoch: receiver.epoch(0) }])
  await waitFor('nothing is wrong', () => source.health().error === null)
  assert.equal(await committed(), 2)
})

test('what cannot be found out is no trouble any more once the partition is gone', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  const committed = (): Promise<never> => Promise.reject(new AgentError('UNAVAILABLE', 'no coordinator'))
  const membership = (real: Membership): Membership => but(real, { committed })
  const { source } = await startSource(t, { groupId: broker.groupId(), topics: [topic], membership })
  await waitFor('the trouble', () => source.health().error?.includes('no coordinator') === true)
  await source.revoked([{ topic, partition: 0 }])
  await waitFor('no trouble', () => source.health().error === null)
})

interface Refused extends Scripted {
  readonly topic: string
  readonly membership: ScriptedMembership
  /** The offsets of each commit that was asked for. */
  readonly asked: () => number[][]
}

/** Three records lie in a topic that is read from its end; that this be committed was refused once. */
async function refused(t: TestContext): Promise<Refused> {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(2)
  await broker.produce(
    topic,
    ['a', 'b', 'c'].map((value) => ({ value, partition: 0 })),
  )
  const scripted = await scriptedSource(t, { topic, from: 'latest' })
  const [membership] = scripted.memberships
  assert.ok(membership)
  membership.onCommit = () => {
    membership.onCommit = () => Promise.resolve()
    return Promise.reject(new AgentError('UNAVAILABLE', 'no coordinator'))
  }
  membership.owner.assigned([{ topic, partition: 0 }])
  await waitFor('the refusal', () => scripted.source.health().error?.includes('no coordinator') === true)
  const asked = (): number[][] => membership.commits.map((list) => list.map(({ offset }) => offset))
  return { ...scripted, topic, membership, asked }
}

const transaction = { transactionalId: 'x', id: 1, epoch: 0 }

for (const [what, end, expected] of [
  ['one that holds leaves nothing to commit', () => Promise.resolve(), [[3], [5]]],
  [
    'after one that failed it is',
    () => Promise.reject(new AgentError('FAILED', 'the transaction is void')),
    [[3], [5], [3]],
  ],
] as const) {
  test(`while a transaction is open no start is committed: ${what}`, async (t) => {
    const { source, clock, receiver, topic, asked } = await refused(t)
    const ended = Promise.withResolvers<undefined>()
    const positions = [{ topic, partition: 0, offset: 5, epoch: receiver.epoch(0) }]
    const committed = source.commitIn(positions, async (offsets) => {
      await offsets(transaction)
      await ended.promise
      await end()
    })
    await clock.advance(5_000)
    assert.deepEqual(asked(), [[3], [5]], 'whether the transaction holds is not known yet')
    ended.resolve(undefined)
    await committed.catch(() => undefined)
    await clock.advance(5_000)
    assert.deepEqual(asked(), expected)
    assert.equal(source.health().error, null)
  })
}

test('the start is committed though the records behind it are refused as well', async (t) => {
  const { source, clock, membership, receiver, topic, asked } = await refused(t)
  membership.onCommit = () => {
    membership.onCommit = () => Promise.resolve()
    return Promise.reject(new AgentError('FAILED', 'a rebalance is on'))
  }
  const positions = [{ topic, partition: 0, offset: 5, epoch: receiver.epoch(0) }]
  await assert.rejects(source.commit(positions), /rebalance/)
  await clock.advance(5_000)
  assert.deepEqual(asked(), [[3], [5], [3]])
  assert.equal(source.health().error, null)
})

test('trouble is over with the last of those that have it', async (t) => {
  const { source, clock, lines, membership, topic, asked } = await refused(t)
  membership.owner.assigned([{ topic, partition: 1 }])
  await waitFor('the start of the other', () => asked().length === 2)
  await clock.advance(0)
  assert.match(source.health().error ?? '', /no coordinator/)
  assert.deepEqual(lines.of('kafka.start-position-over'), [])
  await clock.advance(5_000)
  assert.deepEqual(asked(), [[3], [0], [3]])
  assert.equal(source.health().error, null)
  assert.equal(lines.of('kafka.start-position-over').length, 1)
})

test('where reading goes on instead of an offset past the end is committed, too', async (t) => {
  const { source, clock, receiver, topic, asked } = await refused(t)
  await clock.advance(5_000)
  source.rewind({ topic, partition: 0 }, 1_000, receiver.epoch(0) + 1)
  await waitFor('the other start', () => asked().length === 3)
  await new TestKafka(t).produce(topic, [{ value: 'd', partition: 0 }])
  await waitFor('the next record', () => receiver.texts.at(-1) === '0:3:d')
  assert.deepEqual(asked(), [[3], [3], [3]])
})
