// What a leader answers after an unclean election, said by the test in the broker's place; and that a broker whose log
// is as it was takes the question for what it is.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { AgentError } from '../../src/domain/errors.ts'
import type { Membership } from '../../src/kafka/group-membership.ts'
import type { InputFrom } from '../../src/kafka/start-positions.ts'
import { TransactionSession } from '../../src/kafka/transactions/session.ts'
import { TestKafka } from '../support/kafka.ts'
import { waitFor } from '../support/wait-for.ts'
import { asked, cut, diverged, FETCH } from './cut-log.ts'
import { startProxy, type Proxy } from './proxy.ts'
import { clock, clusterFor, startSource } from './rig.ts'
import { scriptedSource, type Scripted, type ScriptedMembership } from './scripted-membership.ts'

interface Scene extends Scripted {
  readonly topic: string
  readonly membership: ScriptedMembership
  readonly proxy: Proxy
}

/** Five records have been read, or are about to be. */
async function scene(t: TestContext, isBegun = true, from: InputFrom = 'earliest'): Promise<Scene> {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  await broker.produce(
    topic,
    Array.from({ length: 5 }, (_, i) => ({ value: `line ${i}` })),
  )
  const proxy = await startProxy(t)
  const scripted = await scriptedSource(t, { topic, from, ...proxy })
  const [membership] = scripted.memberships
  assert.ok(membership)
  if (isBegun) {
    membership.owner.assigned([{ topic, partition: 0 }])
    await waitFor('5 records', () => scripted.receiver.records === 5)
  }
  return { ...scripted, topic, membership, proxy }
}

test('behind the end of a log that was cut everything is read anew, and committed offsets go back to it', async (t) => {
  const { source, receiver, lines, membership, proxy } = await scene(t)
  const epoch = receiver.epoch(0)
  membership.last = { offset: 5, leaderEpoch: 0 }
  const { offset, fetchedEpoch } = await cut(proxy, 3)
  assert.deepEqual([offset, fetchedEpoch], [5, 0])
  await waitFor('what is there now', () => receiver.records === 7)
  assert.deepEqual(receiver.texts.slice(5), ['0:3:line 3', '0:4:line 4'])
  assert.ok(receiver.epoch(0) > epoch)
  assert.equal(receiver.batches.at(-1)?.epoch, receiver.epoch(0))
  const committed = membership.commits.map((list) => list.map(({ partition, offset }) => [partition, offset]))
  assert.deepEqual(committed, [[[0, 3]]])
  const [line, ...more] = lines.of('kafka.truncated')
  assert.deepEqual([line?.level, line?.fields['offset'], line?.fields['nextOffset'], more], ['error', 5, 3, []])
  assert.match(lines.of('kafka.start').at(-1)?.message ?? '', /reading from offset 3: the log was cut there/)
  assert.equal(source.health().error, null)
})

test('what was not settled before the end of a log that was cut is read again with the rest', async (t) => {
  const { receiver, membership, proxy } = await scene(t)
  membership.last = { offset: 1, leaderEpoch: 0 }
  await cut(proxy, 3)
  await waitFor('the rest', () => receiver.records === 9)
  assert.deepEqual(
    receiver.texts.slice(5),
    [1, 2, 3, 4].map((i) => `0:${i}:line ${i}`),
  )
  assert.deepEqual(membership.commits, [], 'what is committed holds')
})

test('after a rewind to before the end of a log that was cut reading goes on there', async (t) => {
  const { source, receiver, lines, proxy, topic } = await scene(t)
  const epoch = receiver.epoch(0)
  source.pause()
  const question = cut(proxy, 3)
  source.rewind({ topic, partition: 0 }, 2, epoch + 1)
  source.resume()
  const { offset, fetchedEpoch } = await question
  assert.deepEqual([offset, fetchedEpoch], [2, 0])
  await waitFor('the records again', () => receiver.records === 8)
  assert.deepEqual(
    receiver.texts.slice(5),
    [2, 3, 4].map((i) => `0:${i}:line ${i}`),
  )
  assert.equal(receiver.batches.at(-1)?.epoch, epoch + 1)
  assert.deepEqual(lines.of('kafka.truncated'), [])
})

test('an epoch that the leader knows nothing of costs one question', async (t) => {
  const { receiver, lines, proxy, topic, membership } = await scene(t)
  // The broker itself is asked about it, and has no offset to tell.
  await cut(proxy, 9, 7)
  await waitFor('the word about it', () => lines.of('kafka.out-of-range').length === 1)
  await new TestKafka(t).produce(topic, [{ value: 'line 5' }])
  await waitFor('the next record', () => receiver.texts.at(-1) === '0:5:line 5')
  assert.equal(receiver.records, 6)
  assert.equal(lines.of('kafka.out-of-range').length, 1)
  assert.deepEqual(membership.commits, [])
})

test('a log that was cut while nobody read it is noticed by the epoch that was committed', async (t) => {
  const { receiver, lines, membership, proxy, topic } = await scene(t, false)
  membership.last = { offset: 5, leaderEpoch: 0 }
  const question = cut(proxy, 3)
  membership.owner.assigned([{ topic, partition: 0 }])
  const { offset, fetchedEpoch } = await question
  assert.deepEqual([offset, fetchedEpoch], [5, 0])
  await waitFor('what is there now', () => receiver.records === 2)
  assert.deepEqual(receiver.texts, ['0:3:line 3', '0:4:line 4'])
  assert.equal(lines.of('kafka.truncated').length, 1)
})

test('a log that knows nothing as new as what was committed is read on, and told to be another one', async (t) => {
  const { receiver, lines, membership, topic } = await scene(t, false)
  membership.last = { offset: 2, leaderEpoch: 99 }
  membership.owner.assigned([{ topic, partition: 0 }])
  await waitFor('the rest', () => receiver.records === 3)
  assert.equal(receiver.texts[0], '0:2:line 2')
  const [line, ...more] = lines.of('kafka.out-of-range')
  assert.deepEqual([line?.level, more], ['error', []])
  assert.match(line?.message ?? '', /offset 2: going on at 2: .* leader epoch 99, and this log has none as new/)
})

test('a start behind the end of a log that was cut is not committed any more, though that was refused before', async (t) => {
  const { source, clock, membership, proxy, topic } = await scene(t, false, 'latest')
  membership.onCommit = () => {
    membership.onCommit = () => Promise.resolve()
    return Promise.reject(new AgentError('UNAVAILABLE', 'no coordinator'))
  }
  membership.owner.assigned([{ topic, partition: 0 }])
  await waitFor('the refusal', () => source.health().error?.includes('no coordinator') === true)
  membership.last = { offset: 5, leaderEpoch: 0 }
  await cut(proxy, 3)
  await waitFor('where the log was cut', () => membership.commits.length === 2)
  await clock.advance(5_000)
  const committed = membership.commits.map((list) => list.map(({ offset }) => offset))
  assert.deepEqual(committed, [[5], [3]])
  assert.equal(source.health().error, null)
})

test('a start that is not committed yet is where reading begins again after the log was cut', async (t) => {
  const { receiver, clock, membership, proxy, topic } = await scene(t, false, 'latest')
  membership.onCommit = () => Promise.reject(new AgentError('UNAVAILABLE', 'no coordinator'))
  membership.owner.assigned([{ topic, partition: 0 }])
  await waitFor('the refusal', () => membership.commits.length === 1)
  await new TestKafka(t).produce(
    topic,
    [5, 6, 7].map((i) => ({ value: `line ${i}` })),
  )
  await waitFor('what came since', () => receiver.records === 3)
  membership.onCommit = () => Promise.resolve()
  await cut(proxy, 7)
  await waitFor('it again', () => receiver.records === 6)
  assert.equal(receiver.texts[3], '0:5:line 5')
  await clock.advance(5_000)
  const committed = membership.commits.map((list) => list.map(({ offset }) => offset))
  assert.deepEqual(committed, [[5], [5]])
})

for (const [what, end, again, commits] of [
  ['what it holds is not read again', () => Promise.resolve(), ['0:7:line 7'], [[5], [7]]],
  [
    'what it gave up is',
    () => Promise.reject(new AgentError('FAILED', 'the transaction is void')),
    ['0:5:line 5', '0:6:line 6', '0:7:line 7'],
    [[5], [7], [5]],
  ],
] as const) {
  test(`a log that is cut while the first transaction ends, and the start is due: ${what}`, async (t) => {
    const { source, receiver, clock, membership, proxy, topic } = await scene(t, false, 'latest')
    membership.onCommit = () => {
      membership.onCommit = () => Promise.resolve()
      return Promise.reject(new AgentError('UNAVAILABLE', 'no coordinator'))
    }
    membership.owner.assigned([{ topic, partition: 0 }])
    await waitFor('the refusal', () => membership.commits.length === 1)
    await new TestKafka(t).produce(
      topic,
      [5, 6, 7].map((i) => ({ value: `line ${i}` })),
    )
    await waitFor('what came since', () => receiver.records === 3)
    const ended = Promise.withResolvers<undefined>()
    const positions = [{ topic, partition: 0, offset: 7, epoch: receiver.epoch(0) }]
    const committed = source.commitIn(positions, async (offsets) => {
      await offsets({ transactionalId: 'x', id: 1, epoch: 0 })
      await ended.promise
      await end()
      membership.last = { offset: 7, leaderEpoch: 0 }
    })
    let told = 0
    proxy.instead = (request) => {
      const isHeard = receiver.assignments.length > 1
      if (request.apiKey !== FETCH || isHeard || asked(request).offset !== 8) return null
      told++
      return diverged(asked(request), 0, 7)
    }
    await waitFor('the word about it', () => told > 0)
    await clock.advance(1_000)
    assert.deepEqual([receiver.records, told], [3, 1], 'whether the transaction holds is not known yet')
    ended.resolve(undefined)
    await committed.catch(() => undefined)
    await waitFor('the rest', () => receiver.records === 3 + again.length)
    assert.deepEqual(receiver.texts.slice(3), again)
    await clock.advance(5_000)
    assert.deepEqual(
      membership.commits.map((list) => list.map(({ offset }) => offset)),
      commits,
    )
  })
}

test('what is committed while a partition is given away has the leader epoch, too: the next owner relies on it', async (t) => {
  const { source, receiver, membership, topic } = await scene(t)
  const position = { topic, partition: 0, offset: 5, epoch: receiver.epoch(0) }
  receiver.onRevoked = async () => {
    await source.commit([position])
    source.rewind(position, 5, position.epoch + 1)
    await source.commit([{ ...position, epoch: position.epoch + 1 }])
  }
  await membership.owner.revoked([{ topic, partition: 0 }])
  const committed = membership.commits.map((list) => list.map(({ offset, leaderEpoch }) => [offset, leaderEpoch]))
  assert.deepEqual(committed, [[[5, 0]], [[5, 0]]])
})

test('with an offset the leader epoch of what was read is committed, within a transaction too', async (t) => {
  const broker = new TestKafka(t)
  const [topic, groupId] = [await broker.createTopic(), broker.groupId()]
  await broker.produce(topic, [{ value: 'a' }, { value: 'b' }])
  let member: Membership | null = null
  const membership = (real: Membership): Membership => (member = real)
  const { source, receiver, lines } = await startSource(t, { groupId, topics: [topic], membership })
  await waitFor('the records', () => receiver.records === 2)
  const at = (offset: number) => [{ topic, partition: 0, offset, epoch: receiver.epoch(0) }]
  const committed = async (): Promise<(number | undefined)[]> => {
    const [found] = (await member?.committed([{ topic, partition: 0 }])) ?? []
    return [found?.offset, found?.leaderEpoch]
  }
  await source.commit(at(1))
  assert.deepEqual(await committed(), [1, 0])
  const names = { transactionalId: broker.groupId('transaction'), groupId }
  const session = new TransactionSession({
    ...names,
    cluster: clusterFor(lines),
    timeoutMs: 30_000,
    clock,
    log: lines.log,
  })
  t.after(() => session.close())
  await source.commitIn(at(2), (offsets) => session.commit(offsets))
  assert.deepEqual(await committed(), [2, 0])
})
