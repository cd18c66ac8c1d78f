// A Consul that asks for tokens: one that may do what the agent needs, one that nobody knows, one that may not read.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { aclToken } from '../fixtures/e2e-acl.ts'
import { streams, tagger, valuesIn, Workspace } from '../fixtures/e2e-consul.ts'
import { startAgent, type TestAgent } from '../support/agent.ts'
import { startOwnConsul } from '../support/consul.ts'
import { TestKafka } from '../support/kafka.ts'
import { tempDir } from '../support/temp.ts'

const management = randomUUID()

/** Nowhere that a person looks. */
async function staysSecret(agent: TestAgent, token: string): Promise<void> {
  const pages = ['/status', '/metrics', '/readyz', '/healthz'].map(async (path) => (await agent.get(path)).text())
  for (const text of [agent.stderr, agent.stdout, ...(await Promise.all(pages))]) assert.ok(!text.includes(token))
}

test('Consul with access control', async (t) => {
  const kafka = new TestKafka(t)
  const consul = await startOwnConsul(t, { acl: management })
  const services = 'service_prefix "bdz-wsp-" { policy = "write" }'
  const keyless = await aclToken(consul, management, 'keyless', services)

  const printed = async (t: TestContext, nodeId: string, ...words: string[]): Promise<string> => {
    const policy = await startAgent(t, { args: ['consul', 'policy', ...words], env: { NODE_ID: nodeId } })
    assert.equal((await policy.exit()).code, 0, policy.stderr)
    return policy.stdout
  }

  await t.test(
    'a token with the policy that `consul policy` prints: registered, fed, followed, deregistered',
    async (t) => {
      const space = new Workspace(t, kafka, consul)
      const full = await aclToken(consul, management, 'full', await printed(t, space.nodeId))
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
      const next = await space.publish(streams([input], output, tagger('v2')))
      await space.inForce(agent, next)
      await staysSecret(agent, full)
      assert.equal(await agent.stop(), 0)
      await space.deregistered()
      assert.ok(!agent.stderr.includes(full))
    },
  )

  await t.test('the policy as JSON, for names that need care, gives these rights and no others', async (t) => {
    const nodeId = 'w"1\\${x}'
    for (const words of [[], ['--json']]) {
      const name = `odd${words.length}`
      const token = await aclToken(consul, management, name, await printed(t, nodeId, ...words))
      const may = async (Resource: string, Segment: string, Access: string): Promise<boolean> => {
        const response = await fetch(`${consul.base}/v1/internal/acl/authorize`, {
          method: 'POST',
          headers: { 'x-consul-token': token },
          body: JSON.stringify([{ Resource, Segment, Access }]),
        })
        return ((await response.json()) as { Allow: boolean }[])[0]?.Allow === true
      }
      assert.equal(await may('service', `bdz-wsp-${nodeId}`, 'write'), true)
      assert.equal(await may('key', `buldozer/subordinate/${nodeId}`, 'read'), true)
      assert.equal(await may('key', `buldozer/subordinate/${nodeId}`, 'write'), false)
      assert.equal(await may('key', `buldozer/subordinate/${nodeId}2`, 'read'), false)
      assert.equal(await may('service', `bdz-wsp-${nodeId}2`, 'write'), false)
    }
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
