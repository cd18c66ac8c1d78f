import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { Partitioners } from 'kafkajs'
import { brokerAddress, TestKafka } from '../support/kafka.ts'
import { waitFor } from '../support/wait-for.ts'
import { startProxy } from './proxy.ts'
import { makeAnew, startSource } from './rig.ts'

const FETCH = 1

const numbered = (count: number, from = 0): { value: string; partition: number }[] =>
  Array.from({ length: count }, (_, i) => ({ value: `line ${from + i}`, partition: 0 }))

test('what another client compressed is read', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
  for (const codec of codecs) {
    const input = Array.from({ length: 50 }, (_, i) => `${codec} ${i} ${'x'.repeat(100)}\n`).join('')
    const kcat = spawnSync('kcat', ['-P', '-b', brokerAddress(), '-t', topic, '-p', '0', '-z', codec], { input })
    assert.equal(kcat.status, 0, kcat.stderr.toString())
  }
  const { receiver } = await startSource(t, { groupId: broker.groupId(), topics: [topic] })
  await waitFor('all records', () => receiver.records === 250)
  assert.deepEqual(
    receiver.texts.map((text) => text.split(':')[2]?.split(' ').slice(0, 2).join(' ')),
    codecs.flatMap((codec) => Array.from({ length: 50 }, (_, i) => `${codec} ${i}`)),
  )
})

test('of transactions only what was committed is read, and the end is reached', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  const producer = broker.kafka.producer({
    transactionalId: broker.groupId('txn'),
    maxInFlightRequests: 1,
    idempotent: true,
    createPartitioner: Partitioners.DefaultPartitioner,
  })
  await producer.connect()
  t.after(() => producer.disconnect())
  for (let i = 0; i < 6; i++) {
    const transaction = await producer.transaction()
    await transaction.send({ topic, messages: [{ value: `${i} a` }, { value: `${i} b` }] })
    if (i % 3 === 1) await transaction.abort()
    else await transaction.commit()
  }
  await broker.produce(topic, [{ value: 'plain' }])
  const groupId = broker.groupId()
  const { source, receiver } = await startSource(t, { groupId, topics: [topic] })
  await waitFor('the plain record', () => receiver.texts.some((text) => text.endsWith('plain')))
  assert.deepEqual(
    receiver.texts.map((text) => text.replace(/^\d+:\d+:/, '')),
    [0, 2, 3, 5].flatMap((i) => [`${i} a`, `${i} b`]).concat('plain'),
  )
  const [end] = await broker.endOffsets(topic)
  await waitFor('the end', () => receiver.batches.at(-1)?.nextOffset === end)
  assert.equal(source.health().lag, 0)
})

test('a record batch larger than a fetch is read, and so is what follows', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(2, { config: { 'max.message.bytes': '8000000' } })
  const value = (size: number): Buffer => Buffer.alloc(size, 'y')
  await broker.produce(topic, [
    { value: value(10), partition: 0 },
    { value: value(3_000_000), partition: 0 },
    { value: value(20), partition: 0 },
    { value: value(2_000_000), partition: 1 },
    { value: value(30), partition: 1 },
  ])
  const { receiver } = await startSource(t, { groupId: broker.groupId(), topics: [topic] })
  await waitFor('all records', () => receiver.records === 5)
  const sizes = (partition: number): number[] =>
    receiver.texts.filter((text) => text.startsWith(`${partition}:`)).map((text) => text.split(':')[2]?.length ?? 0)
  assert.deepEqual(sizes(0), [10, 3_000_000, 20])
  assert.deepEqual(sizes(1), [2_000_000, 30])
})

test('records that are deleted before they are read are passed over, loudly', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  const groupId = broker.groupId()
  await broker.produce(topic, numbered(10))
  const { source, receiver, lines } = await startSource(t, { groupId, topics: [topic] })
  await waitFor('10 records', () => receiver.records === 10)
  const epoch = receiver.epoch(0)
  source.pause()
  await broker.produce(topic, numbered(10, 10))
  const admin = await broker.admin()
  await admin.fetchTopicOffsets(topic) // without it kafkajs does not know the leader
  await admin.deleteTopicRecords({ topic, partitions: [{ partition: 0, offset: '15' }] })
  source.rewind({ topic, partition: 0 }, 10, epoch + 1)
  source.resume()
  await waitFor('the rest', () => receiver.texts.at(-1) === '0:19:line 19')
  assert.deepEqual(
    receiver.texts.slice(10),
    numbered(5, 15).map(({ value }, i) => `0:${15 + i}:${value}`),
  )
  assert.equal(receiver.batches.at(-1)?.epoch, epoch + 1, 'offsets go on: so does the epoch')
  const [line] = lines.of('kafka.out-of-range')
  assert.equal(line?.level, 'warn')
  assert.match(line.message, /cannot read offset 10: going on at 15: records 10 to 14 are deleted/)
})

test('an offset past the end begins by INPUT_FROM, under a new epoch', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  const groupId = broker.groupId()
  await broker.produce(topic, numbered(5))
  const { source, receiver, lines } = await startSource(t, { groupId, topics: [topic] })
  await waitFor('5 records', () => receiver.records === 5)
  const epoch = receiver.epoch(0)
  source.rewind({ topic, partition: 0 }, 1_000, epoch + 1)
  await waitFor('the records again', () => receiver.records === 10)
  assert.ok(receiver.epoch(0) > epoch + 1)
  assert.equal(receiver.batches.at(-1)?.epoch, receiver.epoch(0))
  assert.match(
    lines.of('kafka.out-of-range')[0]?.message ?? '',
    /cannot read offset 1000: going on at 0: .*past the end/,
  )
  assert.deepEqual(await broker.committed(groupId, topic), [null], 'another look finds the same')
})

test('a topic deleted and made again, longer than before, is read from its beginning, and no old offset is committed', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  const groupId = broker.groupId()
  await broker.produce(topic, numbered(5))
  const { source, receiver, lines } = await startSource(t, { groupId, topics: [topic] })
  await waitFor('5 records', () => receiver.records === 5)
  const epoch = receiver.epoch(0)
  await makeAnew(broker, topic)
  await broker.produce(topic, numbered(8, 100))
  await waitFor('all of the new topic', () => receiver.texts.at(-1) === '0:7:line 107')
  assert.deepEqual(
    receiver.texts.slice(5),
    numbered(8, 100).map(({ value }, i) => `0:${i}:${value}`),
  )
  assert.ok(receiver.epoch(0) > epoch)
  assert.equal(lines.of('kafka.topic-anew').length, 1)
  await source.commit([{ topic, partition: 0, offset: 5, epoch }])
  assert.deepEqual(await broker.committed(groupId, topic), [null])
  await waitFor('health', () => source.health().error === null)
})

test('bytes damaged on the way are named, and fetched again', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  await broker.produce(topic, [...numbered(3), { value: 'damage-me', partition: 0 }])
  const proxy = await startProxy(t)
  let damages = 0
  let mended = false
  proxy.answer = (chunk) => {
    const at = chunk.indexOf('damage-me')
    if (at < 0 || mended) return chunk
    damages++
    const damaged = Buffer.from(chunk)
    damaged[at] = 0
    return damaged
  }
  const { source, receiver } = await startSource(t, { groupId: broker.groupId(), topics: [topic], ...proxy })
  await waitFor('health', () => source.health().error?.includes(`record batch at offset 0 of ${topic}-0`))
  assert.equal(receiver.records, 0)
  mended = true
  await waitFor('all records', () => receiver.records === 4)
  await waitFor('health', () => source.health().error === null)
  assert.ok(damages > 0)
})

test('a fetch that is parked at the broker holds up neither a rewind nor the end', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  await broker.produce(topic, numbered(2))
  const proxy = await startProxy(t)
  const { source, receiver } = await startSource(t, { groupId: broker.groupId(), topics: [topic], ...proxy })
  await waitFor('2 records', () => receiver.records === 2)
  let parked = 0
  proxy.fate = ({ apiKey }) => (apiKey === FETCH && parked++ === 0 ? 'hold-answer' : 'pass')
  await waitFor('a parked fetch', () => parked === 1)
  source.rewind({ topic, partition: 0 }, 0, receiver.epoch(0) + 1)
  await waitFor('the records again', () => receiver.records === 4)
  await source.close()
})
