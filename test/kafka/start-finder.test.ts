// Where reading begins is written down, though the coordinator refuses at first.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { AgentError } from '../../src/domain/errors.ts'
import type { Membership } from '../../src/kafka/group-membership.ts'
import { TestKafka } from '../support/kafka.ts'
import { waitFor } from '../support/wait-for.ts'
import { NO_EPOCH } from '../../src/kafka/protocol/fetch.ts'
import { startSource, type LogLine, type Running } from './rig.ts'
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

test('where a refused commit came to is committed instead of the start: what of it may hold is not taken back', async (t) => {
  const { source, clock, membership, receiver, topic, asked } = await refused(t)
  membership.onCommit = () => {
    membership.onCommit = () => Promise.resolve()
    return Promise.reject(new AgentError('FAILED', 'a rebalance is on'))
  }
  const positions = [{ topic, partition: 0, offset: 5, epoch: receiver.epoch(0), metadata: 'one death' }]
  await assert.rejects(source.commit(positions), /rebalance/)
  await clock.advance(5_000)
  assert.deepEqual(asked(), [[3], [5], [5]])
  assert.equal(membership.commits.at(-1)?.[0]?.metadata, 'one death')
  assert.equal(source.health().error, null)
})

test('a start that is refused while the records behind it are committed takes nothing back', async (t) => {
  const { source, clock, membership, receiver, topic, asked } = await refused(t)
  const refusal = Promise.withResolvers<undefined>()
  membership.onCommit = () =>
    refusal.promise.then(() => Promise.reject(new AgentError('UNAVAILABLE', 'no coordinator')))
  await clock.advance(1_000)
  await waitFor('the start once more', () => asked().length === 2)
  membership.onCommit = () => refusal.promise
  const committed = source.commit([{ topic, partition: 0, offset: 5, epoch: receiver.epoch(0) }])
  refusal.resolve(undefined)
  await committed
  await clock.advance(5_000)
  assert.deepEqual(asked(), [[3], [3], [5]])
  assert.equal(source.health().error, null)
})

for (const [what, leave] of [
  ['is given away', ({ membership, topic }) => membership.owner.revoked([{ topic, partition: 0 }])],
  ['is left by the agent that ends', ({ source }) => source.close()],
] as const satisfies [string, (world: Refused) => Promise<void>][]) {
  test(`a start that was refused is committed before its partition ${what}`, async (t) => {
    const world = await refused(t)
    await leave(world)
    assert.deepEqual(world.asked(), [[3], [3]])
  })
}

test('a start that is refused again holds up nobody who gives its partition away', async (t) => {
  const { source, clock, membership, topic, asked, lines } = await refused(t)
  membership.onCommit = () => Promise.reject(new AgentError('UNAVAILABLE', 'still no coordinator'))
  await membership.owner.revoked([{ topic, partition: 0 }])
  assert.deepEqual([source.health().assigned, asked()], [[], [[3], [3]]])
  const isTold = ({ message }: LogLine): boolean => message.includes('where reading began: still no coordinator')
  await waitFor('the word about it', () => lines.of('kafka.start-position').some(isTold))
  await clock.advance(5_000)
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

for (const [what, committed, expected] of [
  ['an offset past the end was committed', 1_000, [[0]]],
  ['nothing was, so that another look finds the same', -1, []],
] as const) {
  test(`where a log that is read from its beginning begins is due if ${what}`, async (t) => {
    const { source, receiver, membership, clock, topic } = await fromBeginning(t)
    membership.last = { offset: committed, leaderEpoch: NO_EPOCH }
    membership.owner.assigned([{ topic, partition: 0 }])
    await waitFor('the records', () => receiver.records === 3)
    await clock.advance(5_000)
    const asked = (): number[][] => membership.commits.map((list) => list.map(({ offset }) => offset))
    assert.deepEqual(asked(), expected)
    source.rewind({ topic, partition: 0 }, 1_000, receiver.epoch(0) + 1)
    await waitFor('the records again', () => receiver.records === 6)
    await clock.advance(5_000)
    assert.deepEqual(asked(), [...expected, ...expected])
    assert.equal(source.health().error, null)
  })
}

test('no records are passed over by what was committed while their topic was made anew', async (t) => {
  const { receiver, asked, remake } = await remade(t, 'earliest', 5)
  await waitFor('the records', () => receiver.records === 3)
  await remake()
  await waitFor('all of the new topic', () => receiver.texts.at(-1) === '0:7:new')
  assert.equal(receiver.texts[3], '0:0:new')
  await waitFor('the start', () => asked.length > 0)
  assert.deepEqual(asked, [[0]])
})

test('a topic that is made anew is read from its first record, though others are from their end', async (t) => {
  const { source, topic, receiver, remake } = await remade(t, 'latest', -1)
  await remake()
  // At the latest by the look that comes every 10 s.
  await waitFor('all of the new topic', () => receiver.texts.includes('0:7:new'), { timeout: 20_000 })
  assert.equal(receiver.texts[0], '0:0:new')
  assert.equal(receiver.records, 8)
  source.lost([{ topic, partition: 0 }])
  source.assigned([{ topic, partition: 0 }])
  await waitFor('it again', () => receiver.records === 16)
})

async function fromBeginning(t: TestContext): Promise<Scripted & { topic: string; membership: ScriptedMembership }> {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  await broker.produce(topic, [{ value: 'a' }, { value: 'b' }, { value: 'c' }])
  const scripted = await scriptedSource(t, { topic })
  return { ...scripted, topic, membership: scripted.memberships[0] ?? assert.fail() }
}

/** Three records were written to a topic, which is made anew with eight; `committed` is what is said to be committed. */
async function remade(t: TestContext, from: 'earliest' | 'latest', committed: number) {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  await broker.produce(topic, [{ value: 'a' }, { value: 'b' }, { value: 'c' }])
  const asked: number[][] = []
  let offset = -1
  const membership = (real: Membership): Membership =>
    but(real, {
      committed: (partitions) =>
        Promise.resolve(partitions.map((each) => ({ ...each, offset, leaderEpoch: NO_EPOCH, metadata: '' }))),
      commit: (positions) => {
        asked.push(positions.map((each) => each.offset))
        return Promise.resolve()
      },
    })
  const running = await startSource(t, { groupId: broker.groupId(), topics: [topic], from, membership })
  await waitFor('the start', () => running.lines.of('kafka.start').length === 1)
  const remake = async (): Promise<void> => {
    offset = committed
    const admin = await broker.admin()
    await admin.deleteTopics({ topics: [topic] })
    await broker.createTopic(1, { name: topic })
    await broker.produce(
      topic,
      Array.from({ length: 8 }, () => ({ value: 'new' })),
    )
  }
  return { ...running, topic, asked, remake }
}
