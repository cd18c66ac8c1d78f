import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { DeadLetter } from '../../src/domain/stream/value-batch.ts'
import { LetterWriter } from '../../src/engine/stream/letter-writer.ts'
import { KafkaDeadLetterSink } from '../../src/kafka/dead-letter-sink.ts'
import type { WritingTransaction } from '../../src/kafka/produce/writing-transaction.ts'
import { TransactionSession } from '../../src/kafka/transactions/session.ts'
import { TestKafka, type ReadRecord } from '../support/kafka.ts'
import { readable } from '../support/transactions.ts'
import { waitFor } from '../support/wait-for.ts'
import { startProxy, type Proxy } from './proxy.ts'
import { fetchRecords } from './raw-broker.ts'
import { clock, clusterFor, Lines, type Wire } from './rig.ts'

const CREATE_TOPICS = 19

function sinkFor(
  t: TestContext,
  topic: string,
  { transaction = null, ...wire }: Wire & { readonly transaction?: WritingTransaction | null } = {},
): { sink: KafkaDeadLetterSink; lines: Lines } {
  const lines = new Lines()
  const sink = new KafkaDeadLetterSink({
    cluster: clusterFor(lines, undefined, wire),
    topic,
    compression: 'none',
    clock,
    log: lines.log,
    transaction,
  })
  t.after(() => sink.close())
  return { sink, lines }
}

/** Through it no topic can be made; `tries` counts. */
async function refusingTopics(t: TestContext): Promise<{ proxy: Proxy; tries: () => number }> {
  const proxy = await startProxy(t)
  let tries = 0
  proxy.fate = ({ apiKey }) => {
    if (apiKey !== CREATE_TOPICS) return 'pass'
    tries++
    return 'lose-request'
  }
  return { proxy, tries: () => tries }
}

const letter = (value: Buffer | string, over: Partial<DeadLetter> = {}): DeadLetter => ({
  key: Buffer.from('k'),
  value: Buffer.from(value),
  headers: [['trace', Buffer.from('t')]],
  reason: 'not-json',
  facts: { topic: 'in', partition: '2', offset: '41' },
  ...over,
})

const headers = (record: ReadRecord | undefined): Record<string, string> =>
  Object.fromEntries(Object.entries(record?.headers ?? {}).map(([name, value]) => [name, [value].flat().join(',')]))

test('the topic is made when the first letter comes, and letters keep key, value and headers', async (t) => {
  const broker = new TestKafka(t)
  const topic = broker.topicName('dead')
  const { sink, lines } = sinkFor(t, topic)
  const admin = await broker.admin()
  assert.equal((await admin.listTopics()).includes(topic), false)
  await sink.write([letter('one'), letter('two', { key: null, headers: [] })])
  await sink.write([letter('three')])
  const records = await broker.readTopic(topic)
  assert.deepEqual(
    records.map(({ value }) => value?.toString()),
    ['one', 'two', 'three'],
  )
  assert.equal(records[0]?.key?.toString(), 'k')
  assert.equal(records[1]?.key, null)
  const facts = { 'x-dlq-reason': 'not-json', 'x-dlq-topic': 'in', 'x-dlq-partition': '2', 'x-dlq-offset': '41' }
  assert.deepEqual(headers(records[0]), { trace: 't', ...facts })
  assert.deepEqual(headers(records[1]), facts)
  assert.equal(lines.of('kafka.dead-letter-topic').length, 1)
  assert.ok(sink.health().lastAckAt !== null)
})

test('two writers may find the topic missing at the same time', async (t) => {
  const broker = new TestKafka(t)
  const topic = broker.topicName('dead')
  const { sink: one } = sinkFor(t, topic)
  const { sink: two } = sinkFor(t, topic)
  await Promise.all([one.write([letter('one')]), two.write([letter('two')])])
  assert.equal((await broker.readTopic(topic)).length, 2)
})

test('a letter that is too large is stored as its first 1 KiB with reason and coordinates', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(1, { config: { 'max.message.bytes': '5000' } })
  const { sink } = sinkFor(t, topic)
  await sink.write([letter('before'), letter('x'.repeat(9_000), { key: Buffer.alloc(2_000) }), letter('after')])
  const records = await broker.readTopic(topic)
  assert.deepEqual(
    records.map(({ value }) => value?.length),
    [6, 5, 1024],
  )
  assert.equal(records[2]?.key, null)
  assert.deepEqual(headers(records[2]), {
    'x-dlq-reason': 'not-json',
    'x-dlq-topic': 'in',
    'x-dlq-partition': '2',
    'x-dlq-offset': '41',
    'x-dlq-truncated': '9000',
  })
})

test('a letter that nobody wants any more is not written when its topic comes to be, and is nobody’s trouble', async (t) => {
  const broker = new TestKafka(t)
  const topic = broker.topicName('dead')
  const { proxy, tries } = await refusingTopics(t)
  const { sink } = sinkFor(t, topic, proxy)
  let isWanted = true
  const unwanted = sink.write([letter('unwanted')], () => isWanted)
  await waitFor('a try', () => tries() > 0 && sink.health().error !== null)
  isWanted = false
  await assert.rejects(unwanted, { code: 'FAILED' })
  assert.equal(sink.health().error, null)
  proxy.fate = () => 'pass'
  await sink.write([letter('wanted')])
  assert.deepEqual(
    (await broker.readTopic(topic)).map(({ value }) => value?.toString()),
    ['wanted'],
  )
})

test('exactly once: a letter of transactions that were aborted while it waited for its topic is committed once', async (t) => {
  const broker = new TestKafka(t)
  const topic = broker.topicName('dead')
  const { proxy, tries } = await refusingTopics(t)
  const lines = new Lines()
  const session = new TransactionSession({
    ...{ cluster: clusterFor(lines), transactionalId: `${topic}-id`, groupId: broker.groupId(), timeoutMs: 30_000 },
    ...{ clock, log: lines.log },
  })
  t.after(() => session.close())
  const { sink } = sinkFor(t, topic, { ...proxy, transaction: session })
  const writer = new LetterWriter(sink)
  let transaction = 1
  const write = (): Promise<boolean> => {
    const mine = transaction
    return writer.write([letter('once')], () => mine === transaction)
  }
  const givenUp: Promise<boolean>[] = []
  for (let round = 0; round < 2; round++) {
    const before = tries()
    givenUp.push(write())
    await waitFor('a try', () => tries() > before)
    transaction++
    writer.abandon()
    await session.abort()
  }
  const last = write()
  proxy.fate = () => 'pass'
  assert.equal(await last, true)
  assert.deepEqual(await Promise.all(givenUp), [false, false])
  await session.commit(null)
  await readable(broker.broker, topic, 20_000)
  assert.deepEqual(
    (await broker.readTopic(topic)).map(({ value }) => value?.toString()),
    ['once'],
  )
})

test('a topic that is deleted is made again by the next letter', async (t) => {
  const broker = new TestKafka(t)
  const topic = broker.topicName('dead')
  const { sink, lines } = sinkFor(t, topic)
  await sink.write([letter('of the past')])
  const admin = await broker.admin()
  await admin.deleteTopics({ topics: [topic] })
  const isGone = (): Promise<boolean> =>
    fetchRecords(topic, 0, 'read_uncommitted').then(
      () => false,
      () => true,
    )
  await waitFor('the end of the topic', isGone)
  await sink.write([letter('one')])
  await sink.write([letter('two')])
  assert.deepEqual(
    (await broker.readTopic(topic)).map(({ value }) => value?.toString()),
    ['one', 'two'],
  )
  assert.equal(lines.of('kafka.dead-letter-topic').length, 2)
  assert.equal(sink.health().error, null)
})
