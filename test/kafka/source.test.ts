import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { lineAt } from '../../src/domain/stream/lines.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { TestKafka } from '../support/kafka.ts'
import { waitFor } from '../support/wait-for.ts'
import { Receiver, startSource } from './rig.ts'

const numbered = (count: number, partition = 0, from = 0): { value: string; partition: number }[] =>
  Array.from({ length: count }, (_, i) => ({ value: `line ${from + i}`, partition }))

test('records come as lines, with key, headers, time and offset; tombstones are only counted', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  const big = Buffer.alloc(1_000_000, 'x')
  const odd = Buffer.from([0, 13, 10, 0xff, 0xfe])
  await broker.produce(topic, [
    {
      value: 'first',
      key: 'k',
      headers: { one: 'a', two: ['b', Buffer.from([255])], constructor: 'c' },
      timestamp: 1_700_000_000_000,
    },
    { value: '' },
    { value: null, key: 'gone' },
    { value: odd },
    { value: big },
    { value: 'last' },
    { value: null },
  ])
  const { source, receiver } = await startSource(t, { groupId: broker.groupId(), topics: [topic] })
  await waitFor('all records', () => receiver.records === 7)

  const lines = receiver.batches.flatMap((batch) =>
    Array.from({ length: batch.count }, (_, i) => ({ batch, i, bytes: Buffer.from(lineAt(batch, i)) })),
  )
  assert.deepEqual(
    lines.map(({ batch, i }) => batch.offsets[i]),
    [0, 1, 3, 4, 5],
  )
  assert.deepEqual(
    lines.map(({ bytes }) => bytes.length),
    [5, 0, odd.length, big.length, 4],
  )
  assert.ok(lines[2]?.bytes.equals(odd))
  assert.ok(lines[3]?.bytes.equals(big))
  for (const { batch, i } of lines) assert.equal(batch.bytes[(batch.ends[i] ?? 0) - 1], 10)
  const context = receiver.batches[0]?.context
  assert.equal(context?.hasHeaders, true)
  assert.equal(context.timestamp(0), 1_700_000_000_000)
  assert.equal(Buffer.from(context.key(0) ?? []).toString(), 'k')
  assert.equal(context.key(1), null)
  assert.deepEqual(
    context.headers(0).map(([name, value]) => [name, value && Buffer.from(value).toString('latin1')]),
    [
      ['one', 'a'],
      ['two', 'b'],
      ['two', '\xff'],
      ['constructor', 'c'],
    ],
  )
  assert.deepEqual(context.headers(1), [])
  assert.equal(
    receiver.batches.reduce((sum, { tombstones }) => sum + tombstones, 0),
    2,
  )
  assert.equal(receiver.batches[0]?.firstOffset, 0)
  assert.equal(receiver.batches.at(-1)?.nextOffset, 7)
  receiver.batches.slice(1).forEach((batch, i) => assert.equal(batch.firstOffset, receiver.batches[i]?.nextOffset))

  const health = source.health()
  assert.deepEqual(health.assigned, [{ topic, partition: 0 }])
  assert.equal(health.joined, true)
  assert.equal(health.lag, 0)
  assert.equal(health.error, null)
  assert.ok(health.lastFetchAt !== null && performance.now() - health.lastFetchAt < 5_000)
})

test('a second source goes on where the first committed', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(2)
  const groupId = broker.groupId()
  await broker.produce(topic, [...numbered(10, 0), ...numbered(10, 1)])
  // It stands still: no limit of the close can pass, so that whatever it waits for has to come.
  const clock = new FakeClock()
  t.after(() => clock.advance(60_000))
  const first = await startSource(t, { groupId, topics: [topic], clock })
  await waitFor('20 records', () => first.receiver.records === 20)
  await first.source.commit([
    { topic, partition: 0, offset: 4, epoch: first.receiver.epoch(0) },
    { topic, partition: 1, offset: 10, epoch: first.receiver.epoch(1) },
  ])
  let isClosed = false
  void first.source.close().then(() => (isClosed = true))
  await waitFor('the close', () => isClosed)
  assert.deepEqual(await broker.committed(groupId, topic), [4, 10])

  const second = await startSource(t, { groupId, topics: [topic] })
  await waitFor('the rest', () => second.receiver.records >= 6)
  assert.deepEqual(
    second.receiver.texts,
    numbered(6, 0, 4).map(({ value }, i) => `0:${i + 4}:${value}`),
  )
  assert.match(second.lines.of('kafka.start')[0]?.message ?? '', /offset 4: committed offset/)
})

test('after a rewind the records come again under the new epoch, and the old epoch commits nothing', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  const groupId = broker.groupId()
  await broker.produce(topic, numbered(10))
  const { source, receiver } = await startSource(t, { groupId, topics: [topic] })
  await waitFor('10 records', () => receiver.records === 10)
  const before = receiver.epoch(0)
  source.rewind({ topic, partition: 0 }, 7, before + 5)
  await waitFor('the records again', () => receiver.records === 13)
  assert.deepEqual(receiver.texts.slice(10), ['0:7:line 7', '0:8:line 8', '0:9:line 9'])
  assert.equal(receiver.batches.at(-1)?.epoch, before + 5)
  await source.commit([{ topic, partition: 0, offset: 9, epoch: before }])
  assert.deepEqual(await broker.committed(groupId, topic), [null])
  await source.commit([{ topic, partition: 0, offset: 8, epoch: before + 5 }])
  assert.deepEqual(await broker.committed(groupId, topic), [8])
})

test('a rewind while a batch waits for its place frees the source, and leaves no gap', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  await broker.produce(topic, numbered(5))
  const receiver = new Receiver()
  const held = Promise.withResolvers<undefined>()
  const stuck = new Promise<never>(() => undefined)
  receiver.hold = () => {
    held.resolve(undefined)
    return stuck
  }
  const { source } = await startSource(t, { groupId: broker.groupId(), topics: [topic] }, receiver)
  await held.promise
  receiver.hold = () => Promise.resolve()
  source.rewind({ topic, partition: 0 }, 0, receiver.epoch(0) + 1)
  await waitFor('all records', () => receiver.records === 5)
  await broker.produce(topic, numbered(1, 0, 5))
  await waitFor('one more', () => receiver.records === 6)
  assert.deepEqual(
    receiver.texts,
    numbered(6).map(({ value }, i) => `0:${i}:${value}`),
  )
})

test('a batch that was fetched before a rewind and not looked at yet is thrown away', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(2)
  await broker.produce(topic, [...numbered(3, 0), ...numbered(3, 1)])
  const receiver = new Receiver()
  // Both partitions come by one fetch: the first handler runs before the second begins.
  receiver.hold = ({ partition }) => {
    receiver.hold = () => Promise.resolve()
    const other = 1 - partition
    source.rewind({ topic, partition: other }, 0, receiver.epoch(other) + 10)
    return Promise.resolve()
  }
  const { source } = await startSource(t, { groupId: broker.groupId(), topics: [topic] }, receiver)
  await waitFor('all records', () => receiver.records >= 6)
  await broker.produce(topic, [...numbered(1, 0, 3), ...numbered(1, 1, 3)])
  await waitFor('the next', () => receiver.texts.includes('0:3:line 3') && receiver.texts.includes('1:3:line 3'))
  assert.equal(receiver.records, 8)
})

test('pause stops the fetching, resume loses nothing', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  await broker.produce(topic, numbered(3))
  const { source, receiver } = await startSource(t, { groupId: broker.groupId(), topics: [topic] })
  await waitFor('3 records', () => receiver.records === 3)
  source.pause()
  await broker.produce(topic, numbered(3, 0, 3))
  // Two fetches' time: the one that was under way when the pause came, and another.
  await once(AbortSignal.timeout(500), 'abort')
  assert.equal(receiver.records, 3)
  source.resume()
  await waitFor('6 records', () => receiver.records === 6)
  assert.deepEqual(
    receiver.texts,
    numbered(6).map(({ value }, i) => `0:${i}:${value}`),
  )
})

test('INPUT_FROM latest and a time hold for partitions without committed offset, and stay', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(2)
  const at = 1_700_000_000_000
  await broker.produce(
    topic,
    [0, 1, 2, 3].map((i) => ({ value: `line ${i}`, partition: 0, timestamp: at + i * 1000 })),
  )
  const latest = broker.groupId()
  const first = await startSource(t, { groupId: latest, topics: [topic], from: 'latest' })
  await waitFor('the start is committed', async () => (await broker.committed(latest, topic))[0] === 4)
  await first.source.close()
  await broker.produce(topic, [{ value: 'line 4', partition: 0, timestamp: at + 4000 }])
  const second = await startSource(t, { groupId: latest, topics: [topic], from: 'latest' })
  await waitFor('what came meanwhile', () => second.receiver.records === 1)
  assert.deepEqual(second.receiver.texts, ['0:4:line 4'])

  const byTime = await startSource(t, { groupId: broker.groupId(), topics: [topic], from: at + 1500 })
  await waitFor('records since then', () => byTime.receiver.records === 3)
  assert.deepEqual(byTime.receiver.texts, ['0:2:line 2', '0:3:line 3', '0:4:line 4'])
  assert.match(byTime.lines.of('kafka.start')[0]?.message ?? '', /offset 2: no committed offset: time/)
})

test('topics that do not exist are waited for, with one warning that names them', async (t) => {
  const broker = new TestKafka(t)
  const here = await broker.createTopic()
  const topic = broker.topicName('late')
  const { source, receiver, lines } = await startSource(t, { groupId: broker.groupId(), topics: [here, topic] })
  assert.match(source.health().error ?? '', new RegExp(`do not exist yet: ${topic}`))
  assert.equal(source.health().joined, false)
  await once(AbortSignal.timeout(2_200), 'abort')
  assert.equal(
    (await (await broker.admin()).listTopics()).includes(topic),
    false,
    'the topic was made by asking for it',
  )
  await broker.createTopic(1, { name: topic })
  await broker.produce(topic, numbered(2))
  await waitFor('records', () => receiver.records === 2)
  assert.equal(lines.of('kafka.topics-missing').length, 1)
  assert.equal(source.health().error, null)
})

test('the end of a partition is known, also of one whose records wait', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(2)
  await broker.produce(topic, [...numbered(5), ...numbered(3, 1)])
  const receiver = new Receiver()
  const go = Promise.withResolvers<undefined>()
  receiver.hold = (batch) => (batch.partition === 0 ? go.promise : Promise.resolve())
  const { source } = await startSource(t, { groupId: broker.groupId(), topics: [topic] }, receiver)
  const ends = (): (number | null)[][] =>
    (source.health().ends ?? []).map(({ partition, next, end }) => [partition, next, end])
  await waitFor('both ends', () => ends().length === 2 && ends()[1]?.[1] === 3)
  assert.deepEqual(ends().sort(), [
    [0, 0, 5],
    [1, 3, 3],
  ])
  assert.deepEqual(source.health().rebalances, { assigned: 1, revoked: 0, lost: 0 })
  // Far more than is fetched ahead of a receiver that takes nothing.
  const more = Array.from({ length: 60 }, () => ({ value: Buffer.alloc(100_000, 'x'), partition: 0 }))
  await broker.produce(topic, more)
  await waitFor('the new end', () => ends().some(([partition, , end]) => partition === 0 && end === 65), {
    timeout: 60_000,
  })
  go.resolve(undefined)
  await waitFor('all records', () => receiver.records === 68)
  assert.equal(source.health().lag, 0)
})

test('partitions that are lost are not waited for, not even by who is giving them away', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(2)
  const receiver = new Receiver()
  const states: (boolean | undefined)[] = []
  receiver.onRevoked = async (gone) => {
    states.push(gone?.aborted)
    if (gone?.aborted === false) await once(gone, 'abort')
  }
  const { source } = await startSource(t, { groupId: broker.groupId(), topics: [topic] }, receiver)
  await waitFor('both', () => receiver.assignments.length === 1)
  const partitions = [0, 1].map((partition) => ({ topic, partition }))
  const positions = partitions.map((at) => ({ ...at, offset: 0, epoch: receiver.epoch(at.partition) }))
  const transaction = { transactionalId: 'x', id: 1, epoch: 0 }
  const revoked = source.revoked(partitions.slice(0, 1))
  const again = source.revoked(partitions.slice(1))
  await waitFor('the first', () => states.length === 1)
  source.lost(partitions)
  await Promise.all([revoked, again])
  await waitFor('all three', () => states.length === 3)
  assert.deepEqual(states, [false, true, true])
  assert.deepEqual(source.health().assigned, [])
  await source.commit(positions)
  await assert.rejects(
    source.commitIn(positions, (offsets) => offsets(transaction)),
    /another owner/,
  )
})
