import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import { KafkaSink } from '../../src/kafka/kafka-sink.ts'
import { compressions } from '../../src/wire/record-batch/compression.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { TestKafka } from '../support/kafka.ts'
import { waitFor } from '../support/wait-for.ts'
import { startProxy } from './proxy.ts'
import { clusterFor, Lines, makeAnew, sinkFor, startSource } from './rig.ts'
import { batchOf } from './values.ts'

const METADATA = 3

test('values arrive in their partition and order, with key, headers and time', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(3)
  const { sink } = sinkFor(t, topic)
  assert.equal(await sink.partitions(), 3)
  const many = Array.from({ length: 1_200 }, (_, i) => ({ value: `line ${i}` }))
  const odd = Buffer.from([0, 0xff, 13, 10])
  const headers = [
    ['a', Buffer.from('1')],
    ['a', Buffer.from('2')],
    ['none', null],
  ] as const
  assert.deepEqual(await sink.write(batchOf(2, many)), [])
  assert.deepEqual(await sink.write(batchOf(0, [{ value: odd, key: 'k', headers, timestamp: 1_600_000_000_000 }])), [])
  assert.deepEqual(await sink.write(batchOf(0, [{ value: '' }])), [])
  assert.deepEqual(await broker.endOffsets(topic), [2, 0, many.length])
  const records = await broker.readTopic(topic)
  assert.deepEqual(
    records.filter(({ partition }) => partition === 2).map(({ value }) => value?.toString()),
    many.map(({ value }) => value),
  )
  const [first, second] = records.filter(({ partition }) => partition === 0)
  assert.ok(first)
  assert.ok(first.value?.equals(odd))
  assert.equal(first.key?.toString(), 'k')
  assert.equal(first.timestamp, 1_600_000_000_000)
  assert.deepEqual(
    Object.entries(first.headers).map(([name, value]) => [
      name,
      [value].flat().map((each) => each?.toString() ?? null),
    ]),
    [
      ['a', ['1', '2']],
      ['none', [null]],
    ],
  )
  assert.equal(second?.value?.length, 0)
  assert.equal(second.key, null)
  assert.ok(sink.health().lastAckAt !== null)
  assert.equal(sink.health().error, null)
})

test('a value that the broker refuses for its size is named, alone; the others are stored', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(1, { config: { 'max.message.bytes': '20000' } })
  const { sink } = sinkFor(t, topic)
  const values = Array.from({ length: 30 }, (_, i) => ({
    value: i === 17 ? Buffer.alloc(30_000) : `${i}`.repeat(1_500),
  }))
  const refusals = await sink.write(batchOf(0, values))
  assert.deepEqual(refusals, [{ index: 17, reason: 'MESSAGE_TOO_LARGE' }])
  const records = await broker.readTopic(topic)
  assert.deepEqual(
    records.map(({ value }) => value?.toString()),
    values.filter((_, i) => i !== 17).map(({ value }) => value),
  )
  assert.equal(sink.health().error, null)
})

test('every compression is stored by the broker and read by us', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  for (const compression of compressions) {
    const { sink } = sinkFor(t, topic, compression)
    const values = Array.from({ length: 200 }, (_, i) => ({ value: `${compression} ${i} `.repeat(40) }))
    assert.deepEqual(await sink.write(batchOf(0, values)), [])
  }
  const { receiver } = await startSource(t, { groupId: broker.groupId(), topics: [topic] })
  await waitFor('all records', () => receiver.records === 200 * compressions.length)
  assert.deepEqual(
    receiver.texts,
    compressions.flatMap((compression, k) =>
      Array.from({ length: 200 }, (_, i) => `0:${k * 200 + i}:${`${compression} ${i} `.repeat(40)}`),
    ),
  )
})

test('a missing output topic is waited for, named in health, and not made', async (t) => {
  const broker = new TestKafka(t)
  const topic = broker.topicName('output')
  const { sink, lines } = sinkFor(t, topic)
  const count = sink.partitions()
  await waitFor('health', () => sink.health().error?.includes(`output topic ${topic}`))
  await once(AbortSignal.timeout(1_200), 'abort')
  assert.equal((await (await broker.admin()).listTopics()).includes(topic), false)
  await broker.createTopic(2, { name: topic })
  assert.equal(await count, 2)
  assert.equal(sink.health().error, null)
  assert.equal(lines.of('kafka.output-topic-missing').length, 1)
})

test('a topic made anew with fewer partitions takes the records in those it has', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(4)
  const { sink } = sinkFor(t, topic)
  assert.equal(await sink.partitions(), 4)
  await makeAnew(broker, topic, 2)
  await sink.write(batchOf(3, [{ value: 'late' }]))
  const [record] = await broker.readTopic(topic)
  assert.equal(record?.partition, 1)
  assert.equal(sink.health().error, null)
})

test('an output topic that another look has found is not named in health any more', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  const proxy = await startProxy(t)
  const lines = new Lines()
  // Its own looks wait for a clock that stands still.
  const clock = new FakeClock()
  const sink = new KafkaSink({
    ...{ cluster: clusterFor(lines, undefined, proxy), topic, compression: 'none', clock, log: lines.log },
  })
  t.after(() => sink.close())
  let looks = 0
  proxy.fate = ({ apiKey }) => (apiKey === METADATA && looks++ === 0 ? 'lose-request' : 'pass')
  const count = sink.partitions()
  await waitFor('health', () => sink.health().error?.includes(`cannot look for output topic ${topic}`))
  await sink.write(batchOf(0, [{ value: 'x' }]))
  await clock.advance(250)
  assert.equal(await count, 1)
  assert.equal(sink.health().error, null)
})

test('closing ends a write that is blocked', async (t) => {
  const broker = new TestKafka(t)
  const { sink } = sinkFor(t, broker.topicName('never'))
  const write = sink.write(batchOf(0, [{ value: 'x' }]))
  await waitFor('health', () => sink.health().error)
  await Promise.all([assert.rejects(write, { code: 'SHUTDOWN_STATE' }), sink.close()])
})
