// The address under which the others find the agent, where Consul is on the same host.
import assert from 'node:assert/strict'
import { isIP } from 'node:net'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { Workspace } from '../fixtures/e2e-consul.ts'
import type { TestAgent } from '../support/agent.ts'
import { TestKafka } from '../support/kafka.ts'
import { waitFor } from '../support/wait-for.ts'

const isLoopback = (address: string): boolean => /^(127\.|::1$)/.test(address)

const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
const reachable = own.some(({ address }) => !isLoopback(address) && !/^(169\.254\.|fe80:)/i.test(address))

/** What the log says of the choice. */
const reasonOf = async (agent: TestAgent): Promise<unknown> => (await agent.waitForEvent('consul.advertise'))['reason']

test('Consul at localhost: an address that is no loopback is registered', { skip: !reachable }, async (t) => {
  const space = new Workspace(t, new TestKafka(t))
  const { port } = new URL(space.consul.base)
  const agent = await space.start({ CONSUL_DSN: `localhost:${port}` })
  const service = await waitFor('a registration', () => space.registered())
  assert.notEqual(isIP(service.Address), 0)
  assert.ok(!isLoopback(service.Address), service.Address)
  assert.ok(own.some(({ address }) => address === service.Address))
  assert.match(String(await reasonOf(agent)), /default route|no loopback/)
  assert.equal(service.Meta['http'], `http://${service.Address}:${agent.port}`)
  assert.equal(await agent.stop(), 0)
})

test('CONSUL_ADVERTISE wins over everything', async (t) => {
  const space = new Workspace(t, new TestKafka(t))
  const agent = await space.start({ CONSUL_ADVERTISE: 'calc.example.org', POD_IP: '198.51.100.7' })
  const service = await waitFor('a registration', () => space.registered())
  assert.equal(service.Address, 'calc.example.org')
  assert.equal(await reasonOf(agent), 'CONSUL_ADVERTISE')
  assert.equal(await agent.stop(), 0)
})

test('POD_IP wins over what the machine says', async (t) => {
  const space = new Workspace(t, new TestKafka(t))
  const agent = await space.start({ POD_IP: '198.51.100.7' })
  const service = await waitFor('a registration', () => space.registered())
  assert.equal(service.Address, '198.51.100.7')
  assert.equal(await reasonOf(agent), 'POD_IP')
  assert.equal(await agent.stop(), 0)
})
