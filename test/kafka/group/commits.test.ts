import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { TestKafka } from '../../support/kafka.ts'
import { waitFor } from '../../support/wait-for.ts'
import { SESSION } from '../rig.ts'
import { startMember } from './rig.ts'

test('offsets are committed with their metadata, and read again', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(3)
  const groupId = broker.groupId()
  const { member, owner } = startMember(t, { groupId, topics: [topic] })
  await waitFor('all', () => owner.owned.length === 3)
  await member.commit([
    { topic, partition: 0, offset: 7, metadata: '{"attempts":2}', leaderEpoch: 3 },
    { topic, partition: 1, offset: 2 ** 40 },
  ])
  const partitions = [0, 1, 2].map((partition) => ({ topic, partition }))
  assert.deepEqual(await member.committed(partitions), [
    { topic, partition: 0, offset: 7, metadata: '{"attempts":2}', leaderEpoch: 3 },
    { topic, partition: 1, offset: 2 ** 40, metadata: '', leaderEpoch: -1 },
    { topic, partition: 2, offset: -1, metadata: '', leaderEpoch: -1 },
  ])
  assert.deepEqual(await broker.committed(groupId, topic), [7, 2 ** 40, null])
})

test('what is not owned is not committed, and the rest is', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(2)
  const groupId = broker.groupId()
  const first = startMember(t, { groupId, topics: [topic] })
  await waitFor('all', () => first.owner.owned.length === 2)
  const second = startMember(t, { groupId, topics: [topic] })
  await waitFor('1 each', () => first.owner.owned.length === 1 && second.owner.owned.length === 1)
  const both = [0, 1].map((partition) => ({ topic, partition, offset: 5 }))
  await assert.rejects(first.member.commit(both), { code: 'FAILED', message: /no longer the owner of topic-.*\/1/ })
  assert.deepEqual(await broker.committed(groupId, topic), [5, null])
})

test('commits go on, in order, while members come and go: none is refused, and there is no storm', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(4)
  const groupId = broker.groupId()
  const first = startMember(t, { groupId, topics: [topic] })
  await waitFor('all', () => first.owner.owned.length === 4)
  let offset = 0
  const over = new AbortController()
  const isOver = (): boolean => over.signal.aborted
  const committing = (async () => {
    // Partition 0 stays with its owner.
    while (!isOver()) await first.member.commit([{ topic, partition: 0, offset: ++offset }])
  })()
  for (let round = 0; round < 3; round++) {
    const other = startMember(t, { groupId, topics: [topic] })
    await waitFor('2 each', () => first.owner.owned.length === 2 && other.owner.owned.length === 2)
    await other.member.close()
    await waitFor('all again', () => first.owner.owned.length === 4)
  }
  over.abort()
  await committing
  assert.deepEqual((await broker.committed(groupId, topic))[0], offset)
  const requests = first.asked.filter((api) => api === 'OffsetCommit').length
  // Each of the rebalances may cross one.
  assert.ok(requests <= offset + first.member.generation, `${requests} requests for ${offset} commits`)
  assert.ok(!first.owner.told.includes(`-${topic}/0`))
  assert.ok(first.lines.all.every(({ fields }) => fields['event'] !== 'kafka.lost'))
})

test('a partition that is taken away is drained and committed first, while the member is kept alive', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(2)
  const groupId = broker.groupId()
  const first = startMember(t, { groupId, topics: [topic], sessionTimeoutMs: SESSION })
  await waitFor('all', () => first.owner.owned.length === 2)
  const { generation } = first.member
  first.owner.onRevoked = async (partitions) => {
    // Longer than the session.
    await pause(SESSION + 500)
    await first.member.commit(partitions.map(({ partition }) => ({ topic, partition, offset: 9 })))
  }
  const second = startMember(t, { groupId, topics: [topic], sessionTimeoutMs: SESSION })
  const shared = (): boolean => second.owner.owned.length === 1 && first.owner.owned.length === 1
  await waitFor('1 each', shared, { timeout: 60_000 })
  assert.deepEqual(await broker.committed(groupId, topic), [null, 9])
  assert.deepEqual(first.owner.told, [`+${topic}/0`, `+${topic}/1`, `-${topic}/1`])
  assert.equal(first.member.generation, generation + 2)
})

test('a new owner waits for the transaction of the old one', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(1)
  const groupId = broker.groupId()
  const { member, owner, asked } = startMember(t, { groupId, topics: [topic] })
  await waitFor('all', () => owner.owned.length === 1)
  const producer = broker.kafka.producer({ transactionalId: groupId, maxInFlightRequests: 1, idempotent: true })
  await producer.connect()
  t.after(() => producer.disconnect())
  const transaction = await producer.transaction()
  await transaction.sendOffsets({
    consumerGroupId: groupId,
    topics: [{ topic, partitions: [{ partition: 0, offset: '3' }] }],
  })
  let answered = false
  const committed = member.committed([{ topic, partition: 0 }]).finally(() => (answered = true))
  await waitFor('asked three times', () => asked.filter((api) => api === 'OffsetFetch').length >= 3)
  assert.equal(answered, false)
  await transaction.commit()
  assert.deepEqual(await committed, [{ topic, partition: 0, offset: 3, metadata: '', leaderEpoch: -1 }])
})
