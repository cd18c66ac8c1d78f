import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import type { Headers } from '../../src/domain/stream/line-batch.ts'
import type { ValueBatch } from '../../src/domain/stream/value-batch.ts'
import { KafkaJsSink } from '../../src/kafka/kafkajs-sink.ts'
import { pieces } from '../../src/kafka/messages.ts'
import { compressionCodec, type Compression } from '../../src/kafka/options.ts'
import { TestKafka } from '../support/kafka.ts'
import { waitFor } from '../support/wait-for.ts'
import { clock, kafkaFor, Lines } from './rig.ts'

interface Value {
  readonly value: Buffer | string
  readonly key?: string
  readonly headers?: Headers
  readonly timestamp?: number
}

function batchOf(partition: number, values: readonly Value[]): ValueBatch {
  const buffers = values.map(({ value }) => Buffer.from(value))
  const starts = new Uint32Array(values.length)
  const ends = new Uint32Array(values.length)
  let end = 0
  buffers.forEach((buffer, i) => {
    starts[i] = end
    end += buffer.length
    ends[i] = end
  })
  return {
    partition,
    count: values.length,
    bytes: Buffer.concat(buffers),
    starts,
    ends,
    context: {
      uniform: null,
      key: (i) => (values[i]?.key === undefined ? null : Buffer.from(values[i].key)),
      headers: (i) => values[i]?.headers ?? [],
      timestamp: (i) => values[i]?.timestamp ?? 1_700_000_000_000,
    },
  }
}

function sinkFor(
  t: TestContext,
  topic: string,
  compression: Compression = 'none',
): { sink: KafkaJsSink; lines: Lines } {
  const lines = new Lines()
  const sink = new KafkaJsSink({
    kafka: kafkaFor(lines),
    topic,
    codec: compressionCodec(compression),
    clock,
    log: lines.log,
  })
  t.after(() => sink.close())
  return { sink, lines }
}

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
    Object.entries(first.headers).map(([name, value]) => [name, [value].flat().map(String)]),
    [
      ['a', ['1', '2']],
      ['none', ['']],
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

test('gzip is understood by a reader', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  const { sink } = sinkFor(t, topic, 'gzip')
  await sink.write(batchOf(0, [{ value: 'x'.repeat(100_000) }]))
  assert.equal((await broker.readTopic(topic))[0]?.value?.length, 100_000)
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
  const admin = await broker.admin()
  await admin.deleteTopics({ topics: [topic] })
  await waitFor('the topic is gone', async () => !(await admin.listTopics()).includes(topic))
  await broker.createTopic(2, { name: topic })
  await sink.write(batchOf(3, [{ value: 'late' }]))
  const [record] = await broker.readTopic(topic)
  assert.equal(record?.partition, 1)
})

test('closing ends a write that is blocked', async (t) => {
  const broker = new TestKafka(t)
  const { sink } = sinkFor(t, broker.topicName('never'))
  const write = sink.write(batchOf(0, [{ value: 'x' }]))
  await waitFor('health', () => sink.health().error)
  await Promise.all([assert.rejects(write, { code: 'SHUTDOWN_STATE' }), sink.close()])
})

test('pieces keep to 500 records and half a broker limit', () => {
  const sizes = [...Array.from({ length: 700 }, () => 10), 900_000, 10, 300_000, 300_000]
  const ends = Uint32Array.from(sizes, (_, i) => sizes.slice(0, i + 1).reduce((a, b) => a + b, 0))
  const starts = Uint32Array.from(ends, (end, i) => end - (sizes[i] ?? 0))
  assert.deepEqual(
    [...pieces({ count: sizes.length, starts, ends })],
    [
      [0, 500],
      [500, 700],
      [700, 701],
      [701, 703],
      [703, 704],
    ],
  )
})
