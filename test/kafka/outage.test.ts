import assert from 'node:assert/strict'
import { connect, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import type { ISocketFactory } from 'kafkajs'
import { KafkaDeadLetterSink } from '../../src/kafka/dead-letter-sink.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { TestKafka } from '../support/kafka.ts'
import { freePort } from '../support/ports.ts'
import { waitFor } from '../support/wait-for.ts'
import { clock, clusterFor, Lines, SESSION, startSource } from './rig.ts'

/** A wire that can be cut: what is open breaks, and what is opened is refused, until it is mended. */
async function cuttable(): Promise<{
  socketFactory: ISocketFactory
  cut: () => void
  silence: () => void
  mend: () => void
}> {
  const sockets = new Set<Socket>()
  const nobody = await freePort()
  let whole = true
  const socketFactory: ISocketFactory = ({ host, port, onConnect }) => {
    const socket = connect({ host, port: whole ? port : nobody }, onConnect)
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    return socket
  }
  const cut = (): void => {
    whole = false
    for (const socket of sockets) socket.destroy(Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' }))
  }
  const silence = (): void => {
    whole = false
    for (const socket of sockets) socket.pause()
  }
  return { socketFactory, cut, silence, mend: () => void (whole = true) }
}

const numbered = (count: number, from: number): { value: string }[] =>
  Array.from({ length: count }, (_, i) => ({ value: `line ${from + i}` }))

test('a source whose broker goes away says so, and goes on when it is back', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  const groupId = broker.groupId()
  await broker.produce(topic, numbered(5, 0))
  const { socketFactory, cut, mend } = await cuttable()
  const { source, receiver } = await startSource(t, {
    socketFactory,
    groupId,
    topics: [topic],
    sessionTimeoutMs: SESSION,
  })
  await waitFor('5 records', () => receiver.records === 5)
  await source.commit([{ topic, partition: 0, offset: 3, epoch: receiver.epoch(0) }])

  cut()
  await broker.produce(topic, numbered(5, 5))
  await waitFor('health', () => source.health().error?.includes('cannot read from Kafka'), { timeout: 60_000 })
  await waitFor('the end of the session', () => !source.health().joined, { timeout: 60_000 })
  assert.deepEqual(receiver.revocations, [[{ topic, partition: 0 }]])
  mend()
  await waitFor('the rest', () => receiver.texts.at(-1) === '0:9:line 9', { timeout: 60_000 })
  await waitFor('nothing is wrong', () => source.health().error === null)
  const since = receiver.batches.filter(({ epoch }) => epoch === receiver.epoch(0))
  assert.equal(since[0]?.firstOffset, 3, 'it begins where it had committed')
  await source.commit([{ topic, partition: 0, offset: 10, epoch: receiver.epoch(0) }])
  assert.deepEqual(await broker.committed(groupId, topic), [10])
})

test('a sink whose broker goes away blocks, says so, and loses nothing', async (t: TestContext) => {
  const broker = new TestKafka(t)
  const topic = broker.topicName('dead')
  const lines = new Lines()
  const { socketFactory, cut, mend } = await cuttable()
  const sink = new KafkaDeadLetterSink({
    cluster: clusterFor(lines, undefined, { socketFactory }),
    topic,
    compression: 'none',
    clock,
    log: lines.log,
  })
  t.after(() => sink.close())
  const letter = (value: string) => ({ key: null, value: Buffer.from(value), headers: [], reason: 'test', facts: {} })
  await sink.write([letter('one')])
  cut()
  const write = sink.write([letter('two')])
  await waitFor('health', () => sink.health().error?.includes(`cannot write to topic ${topic}`), { timeout: 60_000 })
  mend()
  await write
  assert.equal(sink.health().error, null)
  assert.deepEqual(
    (await broker.readTopic(topic)).map(({ value }) => value?.toString()),
    ['one', 'two'],
  )
})

test('closing a source whose broker does not answer takes at most 3 s', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  const { socketFactory, silence } = await cuttable()
  const ours = new FakeClock()
  const { source } = await startSource(t, { socketFactory, groupId: broker.groupId(), topics: [topic], clock: ours })
  await waitFor('joined', () => source.health().joined)
  silence()
  const closed = source.close()
  await ours.advance(3_000)
  await closed
})
