// A Consul that asks for tokens: one that may do what the agent needs, one that nobody knows, one that may not read.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { streams, tagger, valuesIn, Workspace } from '../fixtures/e2e-consul.ts'
import type { TestAgent } from '../support/agent.ts'
import { startOwnConsul, type OwnConsul } from '../support/consul.ts'
import { TestKafka } from '../support/kafka.ts'
import { tempDir } from '../support/temp.ts'

const management = randomUUID()

/** A token with these rules alone. */
async function tokenWith(consul: OwnConsul, name: string, rules: string): Promise<string> {
  const put = async (path: string, body: object): Promise<{ SecretID?: string }> => {
    const headers = { 'x-consul-token': management }
    const response = await fetch(`${consul.base}/v1/acl/${path}`, {
      method: 'PUT',
      headers,
      body: JSON.stringify(body),
    })
    assert.equal(response.status, 200)
    return (await response.json()) as { SecretID?: string }
  }
  await put('policy', { Name: name, Rules: rules })
  const { SecretID = '' } = await put('token', { Policies: [{ Name: name }] })
  assert.notEqual(SecretID, '')
  return SecretID
}

/** Nowhere that a person looks. */
async function staysSecret(agent: TestAgent, token: string): Promise<void> {
  const pages = ['/status', '/metrics', '/readyz', '/healthz'].map(async (path) => (await agent.get(path)).text())
  for (const text of [agent.stderr, agent.stdout, ...(await Promise.all(pages))]) assert.ok(!text.includes(token))
}

test('Consul with access control', async (t) => {
  const kafka = new TestKafka(t)
  const consul = await startOwnConsul(t, { acl: management })
  const services = 'service_prefix "bdz-wsp-" { policy = "write" }'
  const full = await tokenWith(consul, 'full', `${services} key_prefix "buldozer/subordinate/" { policy = "read" }`)
  const keyless = await tokenWith(consul, 'keyless', services)

  await t.test('a token with the rights of the documentation: registered and fed', async (t) => {
    const space = new Workspace(t, kafka, consul)
    const [input, output] = [await kafka.createTopic(1), await kafka.createTopic(1)]
    await kafka.produce(input, [{ value: 'one' }])
    await space.publish(streams([input], output, tagger('v1')))
    const file = join(tempDir(t), 'token')
    writeFileSync(file, `${full}\n`)
    const env = { KAFKA_CONSUMER_GROUP: kafka.groupId(), CONSUL_HTTP_TOKEN_FILE: file, LOG_LEVEL: 'trace' }
    const agent = await space.start(env)
    await kafka.waitForRecords(output, 1)
    assert.deepEqual(await valuesIn(kafka, output), ['v1 one'])
    await space.waitForCheck('calculator', 'passing')
    await space.waitForCheck('agent', 'passing')
    await staysSecret(agent, full)
    assert.equal(await agent.stop(), 0)
    assert.equal(await space.registered(), null)
    assert.ok(!agent.stderr.includes(full))
  })

  await t.test('a token that Consul does not know: a clear problem, and the agent waits', async (t) => {
    const space = new Workspace(t, kafka, consul)
    const unknown = randomUUID()
    const agent = await space.start({ CONSUL_HTTP_TOKEN: unknown, LOG_LEVEL: 'trace' })
    const reason = /403 .*; the token in CONSUL_HTTP_TOKEN must be known to Consul and have service:write on "bdz-wsp-/
    const line = await agent.waitForEvent('consul.unreachable')
    assert.match(String(line['reason']), reason)
    const status = await agent.waitForStatus('refused', ({ document }) => document.state === 'unreachable')
    assert.equal(status.agent.consul, 'unreachable')
    assert.match(status.document.problem, /403 .*have key:read on "buldozer\/subordinate\//)
    assert.equal((await agent.get('/livez')).status, 200)
    assert.equal((await agent.get('/readyz')).status, 503)
    assert.equal(await space.registered(), null)
    await staysSecret(agent, unknown)
    assert.equal(await agent.stop(), 0)
    assert.ok(!agent.stderr.includes(unknown))
  })

  await t.test('a token that may register, but not read the key: it says which right is missing', async (t) => {
    const space = new Workspace(t, kafka, consul)
    const agent = await space.start({ CONSUL_HTTP_TOKEN: keyless })
    const { Output } = await space.waitForCheck('agent', 'warning', /have key:read on/)
    assert.ok(!Output.includes(keyless))
    const line = await agent.waitForEvent('document.unreachable')
    assert.match(String(line['problem']), /have key:read on/)
    assert.ok(agent.log.filter(({ event }) => event === 'document.unreachable').length < 3, 'it is said, not repeated')
    await staysSecret(agent, keyless)
    assert.equal(await agent.stop(), 0)
  })
})
