// Consul away: while the agent works, and when it starts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { streams, tagger, valuesIn, Workspace } from '../fixtures/e2e-consul.ts'
import { Feed } from '../fixtures/e2e-feed.ts'
import { consulAt, startOwnConsul } from '../support/consul.ts'
import { TestKafka } from '../support/kafka.ts'
import { freePort } from '../support/ports.ts'
import { Stalls } from '../support/stalls.ts'
import { tempDir } from '../support/temp.ts'
import { waitFor } from '../support/wait-for.ts'

test('Consul is killed and comes back empty: records flow all the time, and the agent registers again', async (t) => {
  const kafka = new TestKafka(t)
  const consul = await startOwnConsul(t)
  const space = new Workspace(t, kafka, consul)
  const [input, output] = [await kafka.createTopic(1), await kafka.createTopic(1)]
  await space.publish(streams([input], output, tagger('v1')))
  const agent = await space.start({ KAFKA_CONSUMER_GROUP: kafka.groupId() })
  await space.waitForCheck('calculator', 'passing')
  const stalls = new Stalls(t, agent)
  const feed = new Feed(t, kafka, input)
  await kafka.waitForRecords(output, 10)
  const before = await agent.status()

  await consul.kill()
  await agent.waitForStatus('the loss is known', ({ agent: { consul } }) => consul === 'unreachable')
  const sentAtLoss = feed.sent.length
  await kafka.waitForRecords(output, sentAtLoss + 100)
  const away = await agent.status()
  assert.equal(away.agent.state, 'degraded')
  assert.match(away.agent.reason, /Consul cannot be reached/)
  assert.equal(away.document.configVersion, before.document.configVersion)
  assert.equal((await agent.get('/readyz')).status, 200)

  await consul.start()
  const back = await stalls.timed(() => waitFor('a registration', () => space.registered()))
  t.diagnostic(`registered again after ${Math.round(back)} ms`)
  assert.ok(back < 35_000, 'it looks for itself in Consul each 30 s')
  const { Output } = await space.waitForCheck('agent', 'passing', /is gone, the last good one stays in force/)
  assert.ok(Output.includes(`config version ${before.document.configVersion ?? '?'}`), Output)
  await space.waitForCheck('calculator', 'passing')
  await agent.waitForStatus('disappeared', ({ document }) => document.state === 'disappeared')
  await feed.stop()
  await kafka.waitForRecords(output, feed.sent.length)
  const records = await kafka.readTopic(output)
  const asked = await kafka.readTopic(input)
  const delays = records.map(({ timestamp }, index) => stalls.elapsed(asked[index]?.timestamp ?? 0, timestamp))
  t.diagnostic(`longest time from a record to its answer: ${Math.max(...delays)} ms`)
  assert.ok(Math.max(...delays) < 2000)
  const answers = records.map(({ value }) => String(value))
  assert.deepEqual(
    answers,
    feed.sent.map((value) => `v1 ${value}`),
  )
  const after = await agent.status()
  assert.equal(after.processes[0]?.pid, before.processes[0]?.pid)

  // Its index may be any number now: the text decides, and it is the streams that tell.
  const second = await kafka.createTopic(1)
  await space.publish(streams([input], second, tagger('v1')))
  await kafka.produce(input, [{ value: 'after' }])
  await kafka.waitForRecords(second, 1)
  await agent.waitForStatus('in force', ({ document }) => document.state === 'in-force')
  assert.equal(await agent.stop(), 0)
})

const nowhere = async (): Promise<ReturnType<typeof consulAt>> => consulAt(`http://127.0.0.1:${await freePort()}`)

test('Consul cannot be reached at the start: the agent waits, and begins when it answers', async (t) => {
  const kafka = new TestKafka(t)
  const consul = await startOwnConsul(t)
  await consul.kill()
  const space = new Workspace(t, kafka, consul)
  const [input, output] = [await kafka.createTopic(1), await kafka.createTopic(1)]
  await kafka.produce(input, [{ value: 'one' }])
  // The environment alone would do, and yet it is not taken.
  const agent = await space.start(
    { KAFKA_CONSUMER_GROUP: kafka.groupId(), INPUT_TOPICS: input, OUTPUT_TOPIC: output },
    { args: ['--bin', 'cat'] },
  )
  const status = await agent.waitForStatus('unreachable', ({ document }) => document.state === 'unreachable')
  assert.equal(status.agent.consul, 'unreachable')
  assert.equal(status.agent.state, 'waiting')
  assert.match(status.document.problem, /connection refused/)
  assert.equal((await agent.get('/livez')).status, 200)
  assert.equal((await agent.get('/readyz')).status, 503)
  assert.deepEqual(status.processes, [])
  await consul.start()
  await kafka.waitForRecords(output, 1)
  assert.equal((await agent.status()).document.configVersion, null)
  await space.waitForCheck('calculator', 'passing')
  assert.equal(await agent.stop(), 0)
})

test('Consul cannot be reached at the start: STATE_DIR has the last good document', async (t) => {
  const kafka = new TestKafka(t)
  const space = new Workspace(t, kafka)
  const [input, output] = [await kafka.createTopic(1), await kafka.createTopic(1)]
  const env = { KAFKA_CONSUMER_GROUP: kafka.groupId(), STATE_DIR: tempDir(t) }
  await space.publish(streams([input], output, tagger('v1')))
  const first = await space.start(env)
  const { document } = await first.waitForStatus('RUNNING', ({ processes: [one] }) => one?.state === 'RUNNING')
  await space.publish('{ "input": ')
  await first.waitForStatus('refused', ({ document: { state } }) => state === 'refused')
  assert.equal(await first.stop(), 0)
  await kafka.produce(input, [{ value: 'one' }])
  const second = await space.start({ ...env, CONSUL_DSN: new URL((await nowhere()).base).host })
  await kafka.waitForRecords(output, 1)
  assert.deepEqual(await valuesIn(kafka, output), ['v1 one'])
  const status = await second.status()
  assert.equal(status.document.configVersion, document.configVersion)
  assert.equal(status.agent.consul, 'unreachable')
  assert.equal((await second.get('/readyz')).status, 200)
  assert.equal(await second.stop(), 0)
})

test('Consul cannot be reached at the start: CONSUL_WAIT ends the wait with the environment', async (t) => {
  const kafka = new TestKafka(t)
  const space = new Workspace(t, kafka, await nowhere())
  const [input, output] = [await kafka.createTopic(1), await kafka.createTopic(1)]
  await kafka.produce(input, [{ value: 'one' }])
  const agent = await space.start(
    { KAFKA_CONSUMER_GROUP: kafka.groupId(), INPUT_TOPICS: input, OUTPUT_TOPIC: output, CONSUL_WAIT: '3s' },
    { args: ['--bin', 'cat'] },
  )
  const stalls = new Stalls(t, agent)
  const timeOf = async (event: string): Promise<number> => Date.parse(String((await agent.waitForEvent(event))['time']))
  const [started, spawned] = [await timeOf('agent.started'), await timeOf('process.spawned')]
  assert.ok(spawned - started > 2500, `the Calculator began after ${spawned - started} ms`)
  assert.ok(stalls.elapsed(started, spawned) < 4000, `the Calculator began after ${spawned - started} ms`)
  await kafka.waitForRecords(output, 1)
  assert.equal(await agent.stop(), 0)
})
