// Transactions on the real broker: what others can read, and when. kafkajs reads what is committed, and nothing else.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { DeadLetter } from '../../../src/domain/stream/value-batch.ts'
import type { CommitPosition } from '../../../src/engine/ports.ts'
import { KafkaDeadLetterSink } from '../../../src/kafka/dead-letter-sink.ts'
import { KafkaSink } from '../../../src/kafka/kafka-sink.ts'
import { KafkaTransactions } from '../../../src/kafka/transactions/kafka-transactions.ts'
import { TransactionSession } from '../../../src/kafka/transactions/session.ts'
import { TestKafka } from '../../support/kafka.ts'
import { readable } from '../../support/transactions.ts'
import { waitFor } from '../../support/wait-for.ts'
import { clock, clusterFor, Lines, startSource, type Running } from '../rig.ts'
import { batchOf } from '../values.ts'

interface Places {
  readonly input: string
  readonly output: string
  readonly letters: string
  readonly groupId: string
}

interface Agent extends Running {
  readonly session: TransactionSession
  readonly transactions: KafkaTransactions
  readonly sink: KafkaSink
  readonly letters: KafkaDeadLetterSink
  readonly fencings: string[]
  positions(offset: number, metadata?: string): CommitPosition[]
}

async function places(broker: TestKafka, records = 6): Promise<Places> {
  const [input, output, letters] = [
    await broker.createTopic(1),
    await broker.createTopic(1),
    await broker.createTopic(1),
  ]
  await broker.produce(
    input,
    Array.from({ length: records }, (_, i) => ({ value: `record ${i}` })),
  )
  return { input, output, letters, groupId: broker.groupId() }
}

/** What reads and writes under one transactional id. */
async function agent(t: TestContext, { input, output, letters, groupId }: Places, name: string): Promise<Agent> {
  const lines = new Lines()
  const session = new TransactionSession({
    ...{ cluster: clusterFor(lines), transactionalId: `${groupId}-ws-${name}`, groupId, timeoutMs: 30_000 },
    ...{ clock, log: lines.log },
  })
  session.begin()
  const running = await startSource(t, { groupId, topics: [input] })
  const writing = { compression: 'none' as const, clock, log: lines.log, transaction: session }
  const sink = new KafkaSink({ ...writing, cluster: clusterFor(lines), topic: output })
  const letterSink = new KafkaDeadLetterSink({ ...writing, cluster: clusterFor(lines), topic: letters })
  t.after(async () => {
    await Promise.all([sink.close(), letterSink.close()])
    session.close()
  })
  const transactions = new KafkaTransactions(session, running.source)
  const fencings: string[] = []
  transactions.listen({ voided: () => undefined, fenced: (reason) => fencings.push(reason) })
  const positions = (offset: number, metadata = ''): CommitPosition[] => [
    { topic: input, partition: 0, offset, epoch: running.receiver.epoch(0), metadata },
  ]
  return { ...running, session, transactions, sink, letters: letterSink, fencings, positions }
}

const valueBatch = (partition: number, values: readonly string[]): ReturnType<typeof batchOf> =>
  batchOf(
    partition,
    values.map((value) => ({ value })),
  )

const letter = (value: string): DeadLetter => ({
  ...{ key: null, value: Buffer.from(value), headers: [], reason: 'test', facts: {} },
})

/** What can be read now. */
const peek = async (broker: TestKafka, topic: string): Promise<string[]> =>
  (await broker.readTopic(topic)).map(({ value }) => String(value))

/** What can be read once no transaction is open: its end is written a little after it is acknowledged. */
async function read(broker: TestKafka, topic: string): Promise<string[]> {
  await readable(broker.broker, topic, 20_000)
  return peek(broker, topic)
}

test('answers, dead letters and offsets with their notes come to hold together', async (t) => {
  const broker = new TestKafka(t)
  const where = await places(broker)
  const one = await agent(t, where, 'a')
  await waitFor('records', () => one.receiver.records === 6)
  await one.sink.write(valueBatch(0, ['a', 'b']))
  await one.letters.write([letter('c')])
  assert.deepEqual([await peek(broker, where.output), await peek(broker, where.letters)], [[], []])
  await one.transactions.commit(one.positions(3, '{"v":1}'))
  assert.deepEqual([await read(broker, where.output), await read(broker, where.letters)], [['a', 'b'], ['c']])
  const [{ partitions } = { partitions: [] }] = await (await broker.admin()).fetchOffsets({ groupId: where.groupId })
  assert.deepEqual(
    partitions.map(({ offset, metadata }) => [offset, metadata]),
    [['3', '{"v":1}']],
  )
  // The next one follows at once, over the end of the first that is still being written.
  await one.sink.write(valueBatch(0, ['d']))
  await one.transactions.commit(one.positions(6))
  assert.deepEqual(await read(broker, where.output), ['a', 'b', 'd'])
})

test('offsets alone are a transaction, and so are answers alone', async (t) => {
  const broker = new TestKafka(t)
  const where = await places(broker)
  const one = await agent(t, where, 'a')
  await waitFor('records', () => one.receiver.records === 6)
  await one.transactions.commit(one.positions(2))
  await one.transactions.commit([])
  await one.sink.write(valueBatch(0, ['a']))
  await one.transactions.commit([])
  assert.deepEqual(await read(broker, where.output), ['a'])
  assert.deepEqual(await broker.committed(where.groupId, where.input), [2])
})

test('an aborted transaction leaves nothing, and what was still to be written of it is never written', async (t) => {
  const broker = new TestKafka(t)
  const where = await places(broker)
  const one = await agent(t, where, 'a')
  await waitFor('records', () => one.receiver.records === 6)
  for (let round = 0; round < 5; round++) {
    await one.sink.write(valueBatch(0, [`void ${round}`]))
    const late = Array.from({ length: 20 }, (_, i) => one.sink.write(valueBatch(0, [`late ${round}/${i}`])))
    const [, ...outcomes] = await Promise.all([
      one.transactions.abort(),
      ...late.map((each) => each.catch(() => 'void')),
    ])
    assert.ok(outcomes.includes('void'))
    await one.sink.write(valueBatch(0, [`good ${round}`]))
    await one.transactions.commit(one.positions(round + 1))
  }
  assert.deepEqual(
    await read(broker, where.output),
    [0, 1, 2, 3, 4].map((round) => `good ${round}`),
  )
})

test('a process that takes the name over ends what the other left open, and shuts it out', async (t) => {
  const broker = new TestKafka(t)
  const where = await places(broker)
  const old = await agent(t, where, 'a')
  await waitFor('records', () => old.receiver.records === 6)
  await old.sink.write(valueBatch(0, ['of the old one']))
  const next = await agent(t, where, 'a')
  await readable(broker.broker, where.output, 20_000)
  await assert.rejects(old.transactions.commit(old.positions(6)), /PRODUCER_FENCED|INVALID_PRODUCER_EPOCH/)
  assert.equal(old.fencings.length, 1)
  assert.match(old.transactions.health().error ?? '', /another process writes as transactional id .*-ws-a/)
  await old.source.close()
  await waitFor('the partition', () => next.receiver.records === 6)
  await next.sink.write(valueBatch(0, ['of the next one']))
  await next.transactions.commit(next.positions(6))
  assert.deepEqual(await read(broker, where.output), ['of the next one'])
  assert.deepEqual(await broker.committed(where.groupId, where.input), [6])
})

test('positions of a partition that went to another owner are refused, with all that was written', async (t) => {
  const broker = new TestKafka(t)
  const where = await places(broker)
  const one = await agent(t, where, 'a')
  await waitFor('records', () => one.receiver.records === 6)
  const before = one.positions(6)
  await one.sink.write(valueBatch(0, ['twice']))
  await one.source.close()
  const other = await agent(t, where, 'b')
  await waitFor('the partition', () => other.receiver.records === 6)
  await assert.rejects(one.transactions.commit(before), { code: /FAILED|UNAVAILABLE/ })
  await one.transactions.abort()
  await other.sink.write(valueBatch(0, ['once']))
  await other.transactions.commit(other.positions(6))
  assert.deepEqual(await read(broker, where.output), ['once'])
})

test('a record that is too large is refused alone: the transaction goes on', async (t) => {
  const broker = new TestKafka(t)
  const where = {
    ...(await places(broker)),
    output: await broker.createTopic(1, { config: { 'max.message.bytes': '2000' } }),
  }
  const one = await agent(t, where, 'a')
  await waitFor('records', () => one.receiver.records === 6)
  const values = Array.from({ length: 40 }, (_, i) => (i === 20 ? 'x'.repeat(5000) : `${i}:${'y'.repeat(200)}`))
  const [refused] = await Promise.all([one.sink.write(valueBatch(0, values)), one.sink.write(valueBatch(0, ['after']))])
  assert.deepEqual(
    refused.map(({ index }) => index),
    [20],
  )
  await one.transactions.commit(one.positions(6))
  const expected = [...values.filter((_, i) => i !== 20), 'after']
  assert.deepEqual(await read(broker, where.output), expected)
})

test('of two aborted transactions that overlap the tests read nothing', async (t) => {
  const broker = new TestKafka(t)
  const where = await places(broker)
  const [first, second] = [await agent(t, where, 'a'), await agent(t, where, 'b')]
  await first.sink.write(valueBatch(0, ['begun first']))
  await second.sink.write(valueBatch(0, ['begun second']))
  await first.sink.write(valueBatch(0, ['ended last']))
  await second.transactions.abort()
  await first.transactions.abort()
  await first.sink.write(valueBatch(0, ['good']))
  await first.transactions.commit([])
  assert.deepEqual(await read(broker, where.output), ['good'])
})
