import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { KafkaCluster } from '../../src/kafka/cluster.ts'
import { explain } from '../../src/kafka/errors.ts'
import { createCluster } from '../../src/kafka/options.ts'
import { fetch } from '../../src/kafka/protocol/fetch.ts'
import type { KafkaRequest } from '../../src/kafka/protocol/request.ts'
import { brokerAddress, TestKafka } from '../support/kafka.ts'
import { freePort } from '../support/ports.ts'
import { setQuotas } from '../support/quotas.ts'
import { clock, Lines, optionsFor } from './rig.ts'

function clusterFor(t: TestContext, brokers: readonly string[] = [brokerAddress()]): KafkaCluster {
  const cluster = createCluster(optionsFor(brokers), new Lines().log, clock)
  t.after(() => cluster.close())
  return cluster
}

test('metadata names leaders, topic ids and what is missing, and makes no topic', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic(3)
  const missing = broker.topicName('missing')
  const cluster = clusterFor(t, [`127.0.0.1:${await freePort()}`, brokerAddress()])
  const { brokers, topics } = await cluster.metadata([topic, missing])
  const facts = topics.get(topic)
  assert.ok(facts && 'partitions' in facts)
  assert.deepEqual(facts.partitions.map(({ partition }) => partition).sort(), [0, 1, 2])
  assert.match(facts.id ?? '', /^[0-9a-f]{32}$/)
  for (const { leader, leaderEpoch } of facts.partitions) {
    assert.ok(brokers.some(({ node }) => node === leader))
    assert.ok(leaderEpoch >= 0)
  }
  assert.deepEqual(topics.get(missing), { error: 3 })
  assert.equal((await (await broker.admin()).listTopics()).includes(missing), false)
})

/** Any request that says how long it was under way. */
const heartbeat: KafkaRequest<number> = {
  apiKey: 12,
  apiVersion: 3,
  apiName: 'Heartbeat',
  encode: (to) => to.string('nobody').int32(0).string('nobody').string(null),
  decode: (from) => {
    from.int32()
    return from.int16()
  },
}

test('requests of one connection are answered in order; a node is found by its id', async (t) => {
  const cluster = clusterFor(t)
  const { brokers } = await cluster.metadata([])
  const node = brokers[0]?.node ?? -1
  const fresh = clusterFor(t)
  const answered: number[] = []
  await Promise.all([0, 1, 2].map(async (i) => fresh.send(node, heartbeat).then(() => answered.push(i))))
  assert.deepEqual(answered, [0, 1, 2])
  await assert.rejects(fresh.send(4_711, heartbeat), /not in the cluster/)
})

test('a version that the broker does not have is named', async (t) => {
  const cluster = clusterFor(t)
  await assert.rejects(cluster.sendToAny({ ...heartbeat, apiVersion: 99 }), {
    type: 'UNSUPPORTED_VERSION',
    message: /does not know Heartbeat 99: it has 0 to \d+/,
  })
})

test('an answer that does not come breaks the connection, and the next request opens another', async (t) => {
  const topic = await new TestKafka(t).createTopic()
  const cluster = clusterFor(t)
  const parked: KafkaRequest<void> = {
    apiKey: 1,
    apiVersion: 11,
    apiName: 'Fetch',
    timeoutMs: 100,
    encode: (to) => {
      to.int32(-1).int32(20_000).int32(1).int32(1).int8(0).int32(0).int32(-1)
      to.int32(1).string(topic).int32(1).int32(0).int32(-1).int64(0).int64(-1).int32(1)
      to.int32(0).string('')
    },
    decode: () => undefined,
  }
  const [slow, behind] = [cluster.sendToAny(parked), cluster.sendToAny(heartbeat)]
  behind.catch(() => undefined)
  await assert.rejects(slow, (error) => /no answer to Fetch within 0.1 s/.test(explain(error)))
  await assert.rejects(behind)
  assert.notEqual(await cluster.sendToAny(heartbeat), 0, 'nobody is a member')
})

test('closing ends what is under way, and nothing is opened afterwards', async (t) => {
  const cluster = clusterFor(t)
  await cluster.metadata([])
  const { brokers } = await cluster.metadata([])
  const under = cluster.send(brokers[0]?.node ?? -1, heartbeat)
  cluster.close()
  await assert.rejects(under)
  await assert.rejects(cluster.sendToAny(heartbeat), { code: 'SHUTDOWN_STATE' })
})

/** Asks twice for more than a quota allows, as a client that nobody has heard of before; the second must wait. */
async function askTwice(t: TestContext, broker: TestKafka, topic: string) {
  const clientId = broker.topicName('client')
  // Over ten seconds two thirds of what is asked for: the broker wants a pause of five seconds.
  await setQuotas(t, broker.broker, clientId, { consumer_byte_rate: 1000 })
  const lines = new Lines()
  const cluster = createCluster({ ...optionsFor([broker.broker]), clientId }, lines.log, clock)
  t.after(() => cluster.close())
  const { topics } = await cluster.metadata([topic])
  const facts = topics.get(topic)
  const node = facts && 'partitions' in facts ? (facts.partitions[0]?.leader ?? -1) : -1
  const connection = await cluster.connect(node)
  const wanted = { topic, partition: 0, topicId: null, leaderEpoch: -1, offset: 0, fetchedEpoch: -1, maxBytes: 100_000 }
  const ask = { ...fetch([wanted], { maxWaitMs: 100, maxBytes: 100_000 }, connection.versions), timeoutMs: 2_000 }
  const began = performance.now()
  // Both are on their way before the first is answered.
  const [first, second] = await Promise.all([connection.send(ask), connection.send(ask)])
  return { ask, first, second, took: performance.now() - began, lines }
}

test('what a quota holds back at the broker is not late, and a used-up quota is told once', async (t) => {
  const broker = new TestKafka(t)
  const topic = await broker.createTopic()
  await broker.produce(topic, [{ value: Buffer.alloc(15_000, 'x') }])
  let asked = await askTwice(t, broker, topic)
  // A broker that knows of a quota may not apply it yet.
  for (let more = 9; asked.first.throttleMs === 0 && more > 0; more--) asked = await askTwice(t, broker, topic)
  const { ask, first, second, took, lines } = asked
  assert.ok(first.throttleMs > ask.timeoutMs, `a pause of ${first.throttleMs} ms`)
  assert.ok(took > ask.timeoutMs + 100, `the second was held back for ${took} ms`)
  assert.equal(second.error, 0)
  const told = lines.of('kafka.throttled')
  assert.deepEqual(
    told.map(({ fields }) => fields['pauseMs']),
    [first.throttleMs],
  )
})
