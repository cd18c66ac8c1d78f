// Every record once and in order, though connections break in the worst places.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TestKafka } from '../support/kafka.ts'
import { makeAnew, sinkFor } from './rig.ts'
import { startProxy, type Fate } from './proxy.ts'
import { batchOf } from './values.ts'

const PRODUCE = 0

const texts = async (broker: TestKafka, topic: string): Promise<(string | undefined)[][]> =>
  [...Map.groupBy(await broker.readTopic(topic), ({ partition }) => partition).values()].map((records) =>
    records.map(({ value }) => value?.toString()),
  )

test('pipelined writes keep their order in each partition', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(3)
  const { sink } = sinkFor(t, topic)
  const lines = Array.from({ length: 60 }, (_, i) => Array.from({ length: 300 }, (_, k) => ({ value: `${i} ${k}` })))
  const writes = lines.map((values, i) => sink.write(batchOf(i % 3, values)))
  const settled: number[] = []
  await Promise.all(writes.map(async (write, i) => write.then(() => settled.push(i))))
  assert.deepEqual(
    await texts(broker, topic),
    [0, 1, 2].map((partition) =>
      lines
        .filter((_, i) => i % 3 === partition)
        .flat()
        .map(({ value }) => value),
    ),
  )
  for (const partition of [0, 1, 2]) {
    const own = settled.filter((i) => i % 3 === partition)
    assert.deepEqual(
      own,
      own.toSorted((a, b) => a - b),
      'acknowledged in another order',
    )
  }
})

test('connections that break before, inside and after a request lose nothing and double nothing', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(2)
  const proxy = await startProxy(t)
  const fates = ['lose-answer', 'cut-inside', 'lose-request'] as const
  const sent = new Map<string, number>()
  let requests = 0
  let breaks = 0
  proxy.fate = ({ apiKey, frame }): Fate => {
    if (apiKey !== PRODUCE) return 'pass'
    // The record batch stands at the end: the same bytes whenever it is sent again.
    const batch = frame.subarray(-64).toString('base64')
    sent.set(batch, (sent.get(batch) ?? 0) + 1)
    return ++requests % 4 === 0 ? (fates[breaks++ % 3] ?? 'pass') : 'pass'
  }
  const { sink } = sinkFor(t, topic, 'none', proxy)
  // Large enough that several batches are in flight at once.
  const lines = Array.from({ length: 120 }, (_, i) =>
    Array.from({ length: 20 }, (_, k) => ({ value: `${i} ${k} `.padEnd(6_000, '.') })),
  )
  await Promise.all(lines.map((values, i) => sink.write(batchOf(i % 2, values))))
  proxy.fate = () => 'pass'
  assert.ok(breaks >= 3, `only ${breaks} connections broke`)
  assert.ok(
    [...sent.values()].some((times) => times > 1),
    'nothing was sent again',
  )
  assert.deepEqual(
    await texts(broker, topic),
    [0, 1].map((partition) =>
      lines
        .filter((_, i) => i % 2 === partition)
        .flat()
        .map(({ value }) => value),
    ),
  )
  assert.equal(sink.health().error, null)
})

test('a value too large for the topic among pipelined batches is refused, and the order of the others stays', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(1, { config: { 'max.message.bytes': '60000' } })
  const { sink, lines } = sinkFor(t, topic)
  const batches = Array.from({ length: 12 }, (_, i) =>
    Array.from({ length: 40 }, (_, k) => ({ value: `${i} ${k} `.padEnd(i === 5 && k === 13 ? 70_000 : 2_000, '.') })),
  )
  const refusals = await Promise.all(batches.map((values) => sink.write(batchOf(0, values))))
  assert.deepEqual(
    refusals.map((list) => list.map(({ index, reason }) => `${index} ${reason}`)),
    batches.map((_, i) => (i === 5 ? ['13 MESSAGE_TOO_LARGE'] : [])),
  )
  assert.deepEqual(await texts(broker, topic), [
    batches.flatMap((values, i) => values.filter((_, k) => i !== 5 || k !== 13).map(({ value }) => value)),
  ])
  assert.equal(lines.of('kafka.producer-renewed').length, 0)
})

test('a sequence that the broker has lost is begun anew', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  const { sink, lines } = sinkFor(t, topic)
  await sink.write(batchOf(0, [{ value: 'one' }]))
  await makeAnew(broker, topic)
  await sink.write(batchOf(0, [{ value: 'two' }]))
  await sink.write(batchOf(0, [{ value: 'three' }]))
  const [values] = await texts(broker, topic)
  assert.deepEqual(values, ['two', 'three'])
  assert.ok(lines.all.every(({ level }) => level !== 'error'))
})
