// The manual's own start: an agent that knows only where Kafka and Consul are, registers, waits for its run document,
// and leaves without a trace.
import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { test, type TestContext } from 'node:test'
import { version } from '../../src/version.ts'
import { streams, tagger, valuesIn, Workspace } from '../fixtures/e2e-consul.ts'
import { TestKafka } from '../support/kafka.ts'
import { Stalls } from '../support/stalls.ts'
import { tempDir } from '../support/temp.ts'

/** Beyond what is promised, in ms: Python, Kafka and Consul have stalls that nobody sees. */
const SLACK = 500

test("with exactly the manual's variables it registers, waits, and works when the document comes", async (t) => {
  const kafka = new TestKafka(t)
  const space = new Workspace(t, kafka)
  const agent = await space.start()
  const text = `waiting for run document at ${space.key}`
  await space.waitForCheck('calculator', 'critical', new RegExp(`^${text}`))
  assert.equal((await space.check('agent'))?.Status, 'passing')
  const service = await space.registered()
  assert.ok(service)
  assert.equal(service.Service, `bdz-wsp-${space.nodeId}`)
  assert.equal(service.ID, `bdz-wsp-${space.nodeId}-${hostname()}`)
  assert.equal(service.Port, agent.port)
  assert.deepEqual(service.Tags, ['pidpiper'])
  assert.notEqual(service.Address, '')
  assert.deepEqual(service.Meta, {
    instance: hostname(),
    cluster: 'bdz_default_sg',
    http: `http://${service.Address}:${agent.port}`,
    version,
  })
  assert.equal((await agent.get('/livez')).status, 200)
  const unready = await agent.get('/readyz')
  assert.equal(unready.status, 503)
  assert.ok((await unready.text()).includes(text))
  const status = await agent.status()
  assert.equal(status.agent.state, 'waiting')
  assert.equal(status.document.state, 'waiting')
  assert.deepEqual(status.processes, [])

  const input = await kafka.createTopic(1)
  const output = await kafka.createTopic(1)
  await kafka.produce(input, [{ value: 'one' }, { value: 'two' }])
  const stalls = new Stalls(t, agent)
  const published = Date.now()
  await space.publish(streams([input], output, tagger('v1')))
  await kafka.waitForRecords(output, 2)
  const answers = await kafka.readTopic(output)
  assert.deepEqual(
    answers.map(({ value }) => String(value)),
    ['v1 one', 'v1 two'],
  )
  // An answer's timestamp is the time at which the agent has it.
  const took = stalls.elapsed(published, answers[1]?.timestamp)
  t.diagnostic(`answers ${took} ms after the document`)
  assert.ok(took > 0 && took < 2000 + SLACK, `answers ${took} ms after the document`)
  await space.waitForCheck('calculator', 'passing', /RUNNING/)
  await space.waitForCheck('agent', 'passing', /config version \d+/)
  assert.equal((await agent.get('/readyz')).status, 200)
  assert.equal(await agent.stop(), 0)
  await space.deregistered()
})

test('a first document with a program that does not exist is a crash loop, and the next one is taken', async (t) => {
  const kafka = new TestKafka(t)
  const space = new Workspace(t, kafka)
  const input = await kafka.createTopic(1)
  const output = await kafka.createTopic(1)
  await kafka.produce(input, [{ value: 'one' }])
  await space.publish(streams([input], output, { bin: '/opt/nothing/here' }))
  const agent = await space.start({ KAFKA_CONSUMER_GROUP: kafka.groupId() })
  const check = await space.waitForCheck('calculator', 'critical', /crash loop/)
  assert.match(check.Output, /can't find command '\/opt\/nothing\/here'/)
  assert.equal((await agent.get('/livez')).status, 200)
  assert.equal((await agent.get('/readyz')).status, 503)
  await space.publish(streams([input], output, tagger('good')))
  await kafka.waitForRecords(output, 1)
  assert.deepEqual(await valuesIn(kafka, output), ['good one'])
  await space.waitForCheck('calculator', 'passing')
  await space.waitForCheck('agent', 'passing')
  assert.equal(await agent.stop(), 0)
})

/** An agent whose Calculator has a record in work for ever. */
async function busyAgent(t: TestContext, env: Readonly<Record<string, string>>) {
  const kafka = new TestKafka(t)
  const space = new Workspace(t, kafka)
  const input = await kafka.createTopic(1)
  const output = await kafka.createTopic(1)
  await kafka.produce(input, [{ value: `busy ${tempDir(t)}` }])
  await space.publish(streams([input], output, tagger('v1')))
  const agent = await space.start({ KAFKA_CONSUMER_GROUP: kafka.groupId(), ...env })
  await agent.waitForStatus('a record in flight', ({ streams: [stream] }) => (stream?.inFlight ?? 0) > 0)
  return { space, agent, answers: () => valuesIn(kafka, output) }
}

test('a stop shows as critical while it drains', async (t) => {
  const { space, agent, answers } = await busyAgent(t, { ADOPTION_GRACEPERIOD: '10m' })
  const stopped = agent.stop()
  const draining = await space.waitForCheck('agent', 'critical', /^draining/)
  assert.match(draining.Output, /in flight 1/)
  assert.equal((await agent.get('/readyz')).status, 503)
  // The drain is over.
  agent.signal('SIGTERM')
  assert.equal(await stopped, 0)
  await space.deregistered()
  assert.deepEqual(await answers(), [])
})

test('a stop takes the service out of Consul within its clocks', async (t) => {
  const { space, agent, answers } = await busyAgent(t, {})
  const took = await new Stalls(t, agent).timed(async () => assert.equal(await agent.stop(), 0))
  assert.ok(took < 7000 + SLACK, `left after ${took} ms`)
  await space.deregistered()
  assert.deepEqual(await answers(), [])
})
