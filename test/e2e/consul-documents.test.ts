// Documents that cannot be used, that are gone, or that nobody told of: what holds meanwhile, and who says so.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { Blindfold } from '../fixtures/e2e-blindfold.ts'
import { streams, tagger, valuesIn, Workspace } from '../fixtures/e2e-consul.ts'
import type { TestAgent } from '../support/agent.ts'
import { deleteKey } from '../support/consul.ts'
import { TestKafka } from '../support/kafka.ts'

interface Scene {
  readonly kafka: TestKafka
  readonly space: Workspace
  readonly agent: TestAgent
  readonly input: string
  readonly output: string
  /** Config version of the first document, which is in force. */
  readonly version: number
}

/** An agent with its first document in force, which says `v1`. */
async function begun(t: TestContext, env: Readonly<Record<string, string>> = {}): Promise<Scene> {
  const kafka = new TestKafka(t)
  const space = new Workspace(t, kafka)
  const [input, output] = [await kafka.createTopic(1), await kafka.createTopic(1)]
  const version = await space.publish(streams([input], output, tagger('v1')))
  const agent = await space.start({ KAFKA_CONSUMER_GROUP: kafka.groupId(), ...env })
  await space.waitForCheck('calculator', 'passing')
  return { kafka, space, agent, input, output, version }
}

/** One more record flows, and is answered so. */
async function flows({ kafka, input, output }: Scene, answer: string): Promise<void> {
  const value = `record ${Math.random()}`
  const before = (await kafka.endOffsets(output))[0] ?? 0
  await kafka.produce(input, [{ value }])
  await kafka.waitForRecords(output, before + 1)
  assert.deepEqual((await valuesIn(kafka, output)).slice(before), [`${answer} ${value}`])
}

const broken: readonly (readonly [string, string, RegExp])[] = [
  ['an unknown field', '{"calculator": {"binn": "cat"}}', /calculator\.binn: unknown field, did you mean "bin"\?/],
  ['a field of the wrong type', '{"input": {"topics": ["a", 7]}}', /input\.topics\[1\]: expected .*, found 7/],
  ['no JSON', '{"input": {"topics": ["a"],\n  oops}}', /line 2, column 3: expected a field name/],
]

test('a broken document is refused with its place, the old one stays in force, a good one is taken', async (t) => {
  const scene = await begun(t)
  const { space, agent, input, output, version } = scene
  const pid = await agent.calculator()
  for (const [kind, text, place] of broken) {
    await space.publish(text)
    const { Output } = await space.waitForCheck('agent', 'warning', place)
    t.diagnostic(`${kind}: ${Output.split('\n')[0] ?? ''}`)
    assert.match(Output, /the last good one stays in force/)
    assert.ok(Output.includes(`config version ${version}`))
    const status = await agent.status()
    assert.deepEqual([status.document.state, status.document.configVersion], ['refused', version])
    assert.match(status.document.problem, place)
    assert.equal(status.agent.state, 'degraded')
    assert.equal((await agent.get('/readyz')).status, 200)
    await flows(scene, 'v1')
  }
  assert.equal(agent.log.filter(({ event }) => event === 'document.refused').length, broken.length)
  assert.equal(await agent.calculator(), pid)
  await space.inForce(agent, await space.publish(streams([input], output, tagger('v2'))))
  await space.waitForCheck('agent', 'passing')
  await flows(scene, 'v2')
  assert.equal(await agent.stop(), 0)
})

const hopeless = [
  ['a program that does not exist', { bin: '/opt/nothing/here' }, "can't find command '/opt/nothing/here'"],
  ['a program that exits at once', { bin: 'sh', args: ['-c', 'exit 1'] }, '(Exited too quickly|Bad exit code 1)'],
] as const

test('a document with which the Calculator cannot start is rolled back', async (t) => {
  const scene = await begun(t)
  const { space, agent, kafka, input, output, version } = scene
  for (const [kind, calculator, text] of hopeless) {
    const reason = new RegExp(`rolled back.*the Calculator cannot start with it: ${text}`)
    // The whole document is rolled back, its topics too.
    const refused = await space.publish(streams([await kafka.createTopic(1)], await kafka.createTopic(1), calculator))
    const { Output } = await space.waitForCheck('agent', 'warning', reason)
    t.diagnostic(`${kind}: ${Output.split('\n')[0] ?? ''}`)
    await space.inForce(agent, version)
    await space.waitForCheck('calculator', 'passing', /^calculator RUNNING/)
    const {
      agent: { reason: why },
      document,
      streams: [stream],
    } = await agent.status()
    assert.deepEqual([document.state, why], ['rolled-back', 'run document rolled back'])
    assert.match(document.problem, new RegExp(text))
    assert.deepEqual(stream?.input.topics, [input])
    await flows(scene, 'v1')
    assert.ok(agent.log.some((line) => line.event === 'document.rolled-back' && line['modifyIndex'] === refused))
  }
  await space.inForce(agent, await space.publish(streams([input], output, tagger('v2'))))
  await space.waitForCheck('agent', 'passing')
  await flows(scene, 'v2')
  assert.equal(await agent.stop(), 0)
})

test('a document that makes the Calculator FATAL is rolled back before EXIT_ON=fatal ends the agent', async (t) => {
  const scene = await begun(t, { EXIT_ON: 'fatal', CALCULATOR_STARTRETRIES: '1' })
  const { space, agent, input, output } = scene
  await space.publish(streams([input], output, { bin: 'sh', args: ['-c', 'exit 9'] }))
  await space.waitForCheck('agent', 'warning', /rolled back/)
  await space.waitForCheck('calculator', 'passing', /^calculator RUNNING/)
  await flows(scene, 'v1')
  assert.equal(await agent.stop(), 0)
})

test('topics may change while the Calculator is down for reasons of its own: nothing is rolled back', async (t) => {
  const kafka = new TestKafka(t)
  const space = new Workspace(t, kafka)
  const [input, output] = [await kafka.createTopic(1), await kafka.createTopic(1)]
  // Dies of the record, after it had come up.
  const calculator = { bin: 'sh', args: ['-c', 'read line && exit 3'] }
  await space.publish(streams([input], output, calculator))
  // With the default of 3 attempts the record would be a dead letter before the fourth failed start.
  const agent = await space.start({ KAFKA_CONSUMER_GROUP: kafka.groupId(), DEAD_LETTER_ATTEMPTS: '100' })
  await space.waitForCheck('calculator', 'passing')
  await kafka.produce(input, [{ value: 'poison' }])
  await space.waitForCheck('calculator', 'critical', /crash loop/)
  const other = await kafka.createTopic(1)
  await space.inForce(agent, await space.publish(streams([other], output, calculator)))
  await space.waitForCheck('calculator', 'passing', /^calculator RUNNING/)
  const { document } = await agent.status()
  assert.equal(document.state, 'in-force')
  assert.equal(await agent.stop(), 0)
})

test('a document that disappears changes nothing, and the check says so', async (t) => {
  const scene = await begun(t)
  const { space, agent, input, output, version } = scene
  await deleteKey(space.consul, space.key)
  const { Output } = await space.waitForCheck('agent', 'passing', /is gone, the last good one stays in force/)
  assert.ok(Output.includes(space.key))
  const { document } = await agent.status()
  assert.deepEqual([document.state, document.configVersion], ['disappeared', version])
  await flows(scene, 'v1')
  await space.inForce(agent, await space.publish(streams([input], output, tagger('v2'))))
  await flows(scene, 'v2')
  assert.equal(await agent.stop(), 0)
})

test('RUN_DOCUMENT_ALLOW=streams refuses another Calculator, and says where', async (t) => {
  const kafka = new TestKafka(t)
  const space = new Workspace(t, kafka)
  const [input, output] = [await kafka.createTopic(1), await kafka.createTopic(1)]
  await space.publish(streams([input], output, { bin: 'sh' }))
  const agent = await space.start(
    { KAFKA_CONSUMER_GROUP: kafka.groupId(), RUN_DOCUMENT_ALLOW: 'streams' },
    { args: ['--bin', 'cat'] },
  )
  const place = /calculator\.bin: not permitted by RUN_DOCUMENT_ALLOW=streams/
  // Its first document: there is no older one, so it waits.
  await space.waitForCheck('agent', 'warning', place)
  const waiting = await agent.status()
  assert.deepEqual([waiting.agent.state, waiting.document.state], ['waiting', 'refused'])
  assert.deepEqual(waiting.processes, [])
  assert.equal((await agent.get('/readyz')).status, 503)
  const { input: from, output: to } = streams([input], output, { bin: '' })
  await space.publish({ ...(from && { input: from }), ...(to && { output: to }) })
  await space.waitForCheck('calculator', 'passing')
  await kafka.produce(input, [{ value: 'one' }])
  await kafka.waitForRecords(output, 1)
  assert.deepEqual(await valuesIn(kafka, output), ['one'])
  assert.equal(await agent.stop(), 0)
})

test('SIGHUP reads the document again', async (t) => {
  const blindfold = await Blindfold.before(t, new Workspace(t, new TestKafka(t)).consul)
  const scene = await begun(t, { CONSUL_DSN: blindfold.address, CONSUL_RESYNC_INTERVAL: '1h' })
  const { space, agent, input, output, version } = scene
  await blindfold.put()
  const next = await space.publish(streams([input], output, tagger('v2')))
  await flows(scene, 'v1')
  assert.equal((await agent.status()).document.configVersion, version)
  agent.signal('SIGHUP')
  await space.inForce(agent, next)
  await flows(scene, 'v2')
  assert.equal(await agent.stop(), 0)
})
