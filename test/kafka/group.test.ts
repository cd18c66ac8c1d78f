import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { TopicPartition } from '../../src/domain/stream/line-batch.ts'
import { TestKafka } from '../support/kafka.ts'
import { waitFor } from '../support/wait-for.ts'
import { Receiver, SESSION, startSource, type Running } from './rig.ts'

const assigned = ({ source }: Running): string[] =>
  source.health().assigned.map(({ topic, partition }: TopicPartition) => `${topic}/${partition}`)

const spread = (partitions: number, count: number, from = 0): { value: string; partition: number }[] =>
  Array.from({ length: count }, (_, i) => ({ value: `line ${from + i}`, partition: i % partitions }))

test('two members of one group with different topics each get every record of theirs', async (t) => {
  const broker = new TestKafka(t)
  const [one, two] = [await broker.createTopic(3), await broker.createTopic(2)]
  const groupId = broker.groupId()
  await broker.produce(one, spread(3, 30))
  await broker.produce(two, spread(2, 20))
  // The first becomes the leader: it does not know the topic of the second.
  const first = await startSource(t, { groupId, topics: [one] })
  await waitFor('the first has its partitions', () => assigned(first).length === 3)
  const second = await startSource(t, { groupId, topics: [two] })
  await waitFor('both have their partitions', () => assigned(first).length === 3 && assigned(second).length === 2)
  await waitFor('the records of the second', () => second.receiver.records >= 20)
  await broker.produce(one, spread(3, 3, 30))
  await waitFor('the records of the first', () => new Set(first.receiver.texts).size === 33)
  assert.ok(first.receiver.batches.every(({ topic }) => topic === one))
  assert.ok(second.receiver.batches.every(({ topic }) => topic === two))
})

test('members with common topics share them', async (t) => {
  const broker = new TestKafka(t)
  const [one, common] = [await broker.createTopic(2), await broker.createTopic(4)]
  const groupId = broker.groupId()
  const first = await startSource(t, { groupId, topics: [one, common] })
  const second = await startSource(t, { groupId, topics: [common] })
  await waitFor('3 partitions each', () => assigned(first).length === 3 && assigned(second).length === 3)
  assert.deepEqual(
    assigned(first)
      .filter((name) => name.startsWith(one))
      .sort(),
    [`${one}/0`, `${one}/1`],
  )
  assert.equal(new Set([...assigned(first), ...assigned(second)]).size, 6)
})

/** Has read 5 records of each of two partitions, and commits them when it is told that one is to go. */
async function startSettled(
  t: TestContext,
): Promise<Running & { readonly broker: TestKafka; readonly groupId: string; readonly topic: string }> {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(2)
  const groupId = broker.groupId()
  await broker.produce(topic, spread(2, 10))
  const running = await startSource(t, { groupId, topics: [topic] })
  const { source, receiver } = running
  await waitFor('10 records', () => receiver.records === 10)
  receiver.onRevoked = () =>
    source.commit([0, 1].map((partition) => ({ topic, partition, offset: 5, epoch: receiver.epoch(partition) })))
  return { ...running, broker, groupId, topic }
}

test('a rebalance is told before it happens: what is settled then is committed, and nobody reads it again', async (t) => {
  const first = await startSettled(t)
  const { broker, groupId, topic, receiver } = first
  const epochs = [receiver.epoch(0), receiver.epoch(1)]

  const second = await startSource(t, { groupId, topics: [topic] })
  await waitFor('one partition each', () => assigned(first).length === 1 && assigned(second).length === 1)
  assert.deepEqual(
    receiver.revocations[0]?.map(({ partition }) => partition),
    [1],
  )
  assert.deepEqual(await broker.committed(groupId, topic), [5, 5])
  assert.deepEqual(assigned(first), [`${topic}/0`])
  assert.equal(receiver.epoch(0), epochs[0], 'what stays keeps its epoch')

  await second.source.close()
  await waitFor('the first has all again', () => assigned(first).length === 2)
  await broker.produce(topic, spread(2, 2, 10))
  await waitFor('12 records', () => receiver.records >= 12)
  assert.equal(receiver.records, 12)
  assert.ok(receiver.epoch(1) > Math.max(...epochs), 'what comes back begins a new epoch')
  assert.equal(second.receiver.records, 0)
})

test('a receiver that is busy for longer than the session timeout keeps its membership', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  await broker.produce(topic, spread(1, 3))
  const receiver = new Receiver()
  let gate: Promise<undefined> | undefined
  receiver.hold = () => (gate ??= pause(SESSION + 1_000))
  const reading = { groupId: broker.groupId(), topics: [topic], sessionTimeoutMs: SESSION }
  const { source } = await startSource(t, reading, receiver)
  await waitFor('3 records', () => receiver.records >= 3, { timeout: 60_000 })
  await source.commit([{ topic, partition: 0, offset: 3, epoch: receiver.epoch(0) }])
  assert.equal(receiver.assignments.length, 1)
  assert.equal(receiver.revocations.length, 0)
  assert.equal(receiver.records, 3)
})

test('a rebalance does not wait for a receiver that is busy, and what it was busy with is void', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(2)
  const groupId = broker.groupId()
  await broker.produce(topic, spread(2, 10))
  const receiver = new Receiver()
  const gate = Promise.withResolvers<undefined>()
  const reached = new Set<number>()
  receiver.hold = ({ partition }) => {
    reached.add(partition)
    return gate.promise
  }
  const first = await startSource(t, { groupId, topics: [topic] }, receiver)
  await waitFor('both partitions to be handed over', () => reached.size === 2)
  const epochs = [receiver.epoch(0), receiver.epoch(1)]
  const second = await startSource(t, { groupId, topics: [topic] })
  await waitFor('one partition each', () => assigned(first).length === 1 && assigned(second).length === 1)
  await waitFor('the records of the moved partition', () => second.receiver.records === 5)
  await assert.doesNotReject(
    first.source.commit([{ topic, partition: 1, offset: 5, epoch: epochs[1] ?? -1 }]),
    'a commit of what is gone is dropped',
  )
  assert.deepEqual(await broker.committed(groupId, topic), [null, null])
  gate.resolve(undefined)
  await broker.produce(topic, spread(2, 2, 10))
  await waitFor(
    'what came later, by one or the other',
    () => [...receiver.texts, ...second.receiver.texts].filter((text) => /line 1[01]$/.test(text)).length === 2,
  )
})

test('one that stands aside commits and leaves its partitions to others at once, and shares again when it is back', async (t) => {
  const first = await startSettled(t)
  const { broker, groupId, topic, receiver } = first
  await first.source.standAside()
  assert.deepEqual(await broker.committed(groupId, topic), [5, 5])
  const { joined, assigned: left, error } = first.source.health()
  assert.deepEqual([joined, left], [false, []])
  assert.match(error ?? '', /left to other members/)

  const second = await startSource(t, { groupId, topics: [topic] })
  await waitFor('the second has all', () => assigned(second).length === 2)
  await broker.produce(topic, spread(2, 2, 10))
  await waitFor('the records meanwhile', () => second.receiver.records === 2)
  assert.equal(receiver.records, 10)

  first.source.comeBack()
  await waitFor('one partition each', () => assigned(first).length === 1 && assigned(second).length === 1)
  assert.deepEqual([first.source.health().joined, first.source.health().error], [true, null])
  await first.source.standAside()
  await waitFor('the second has all again', () => assigned(second).length === 2)
  await first.source.close()
})
