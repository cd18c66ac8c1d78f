import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'node:test'
import type { RegistrationOptions } from '../../src/consul/registration.ts'
import {
  checksOf,
  clientOf,
  consulAt,
  deregister,
  servicesNamed,
  sharedConsul,
  startOwnConsul,
  type TestConsul,
} from '../support/consul.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { freePort } from '../support/ports.ts'
import { waitFor } from '../support/wait-for.ts'
import { needsConsul } from '../testbed/address.ts'
import { registered } from './registered.ts'

const shown = async (consul: TestConsul, name: string): Promise<Record<string, string>> =>
  Object.fromEntries(
    Object.values(await checksOf(consul, name)).map((check) => [check.Name, `${check.Status} ${check.Output}`]),
  )

test('the whole definition is registered, the checks say at once what they should', needsConsul, async (t) => {
  const consul = sharedConsul()
  const { name, id, states } = registered(t, consul)
  await waitFor('registered', () => states.length > 0)
  assert.deepEqual(states, [['registered', '']])
  const [service] = await servicesNamed(consul, name)
  assert.deepEqual(
    [service?.ID, service?.Service, service?.Address, service?.Port, service?.Tags, service?.Meta],
    [
      id,
      name,
      '10.1.2.3',
      8080,
      ['pidpiper'],
      { instance: 'pod-1', cluster: 'default', http: 'http://10.1.2.3:8080', version: '0.1.0' },
    ],
  )
  assert.deepEqual(await shown(consul, name), {
    agent: 'passing running',
    calculator: 'critical waiting for run document at a/b',
  })
})

test('a change is pushed by itself, with all that came in between as one', needsConsul, async (t) => {
  const consul = sharedConsul()
  const client = clientOf(t, consul)
  const sent: string[] = []
  const counting: RegistrationOptions['client'] = {
    register: client.register.bind(client),
    deregister: client.deregister.bind(client),
    registered: client.registered.bind(client),
    report: (id, status, output, options) => {
      sent.push(`${id.split(':').at(-1) ?? ''} ${status}`)
      return client.report(id, status, output, options)
    },
  }
  const { registration, name, states, reports } = registered(t, consul, { client: counting })
  await waitFor('registered', () => states.length > 0)
  sent.length = 0
  for (const count of [1, 2, 3]) {
    reports.calculator = { status: 'critical', output: `FATAL ${count}` }
    registration.changed()
  }
  await waitFor('the change', async () => (await shown(consul, name))['calculator'] === 'critical FATAL 3')
  assert.deepEqual(sent, ['calculator critical'])
})

test(
  'what a person removed comes back: the service at the next report, its meta at the resync',
  needsConsul,
  async (t) => {
    const consul = sharedConsul()
    const clock = new FakeClock()
    const { registration, name, id, states, reports } = registered(t, consul, { resync: 300, clock })
    const pushed = async (): Promise<void> => {
      registration.changed()
      await clock.advance(1_000)
      await waitFor('the end of the turn', () => clock.pending === 1)
    }
    await waitFor('registered', () => states.length > 0)
    await deregister(consul, id)
    reports.agent = { status: 'warning', output: 'degraded' }
    await pushed()
    assert.equal((await servicesNamed(consul, name)).length, 1)
    await fetch(`${consul.base}/v1/agent/service/register`, {
      method: 'PUT',
      body: JSON.stringify({ ID: id, Name: name, Tags: ['mine'], Port: 1 }),
    })
    const checks = await checksOf(consul, name)
    assert.equal(Object.keys(checks).length, 2)
    await pushed()
    const [repaired] = await servicesNamed(consul, name)
    assert.deepEqual([repaired?.Port, repaired?.Tags, repaired?.Meta['instance']], [8080, ['pidpiper'], 'pod-1'])
    assert.deepEqual(states, [['registered', '']])
  },
)

test('a check that a person removed comes back at the resync', needsConsul, async (t) => {
  const consul = sharedConsul()
  const clock = new FakeClock()
  const { registration, name, id, states } = registered(t, consul, { resync: 100, clock })
  await waitFor('registered', () => states.length > 0)
  await fetch(`${consul.base}/v1/agent/check/deregister/${id}:calculator`, { method: 'PUT' })
  registration.changed()
  await clock.advance(1_000)
  await waitFor('both checks', async () => Object.keys(await checksOf(consul, name)).length === 2)
})

for (const persist of [false, true]) {
  const title = persist ? 'that kept its data' : 'that lost everything'
  test(`after kill -9 and restart of a Consul agent ${title} all is registered again`, needsConsul, async (t) => {
    const consul = await startOwnConsul(t, { persist })
    const { registration, name, states, reports } = registered(t, consul)
    await waitFor('registered', () => states.length > 0)
    await consul.kill()
    reports.calculator = { status: 'passing', output: 'RUNNING' }
    registration.changed()
    await waitFor('the loss', () => states.length > 1)
    assert.match(states[1]?.[1] ?? '', /connection (refused|broken)/)
    await pause(1000)
    await consul.start()
    await waitFor('registered again', () => states.at(-1)?.[0] === 'registered', { timeout: 60_000 })
    assert.equal((await servicesNamed(consul, name)).length, 1)
    assert.deepEqual(await shown(consul, name), { agent: 'passing running', calculator: 'passing RUNNING' })
  })
}

test('stop deregisters, even while the registration is still under way', needsConsul, async (t) => {
  const consul = sharedConsul()
  const first = registered(t, consul)
  await waitFor('registered', () => first.states.length > 0)
  await first.registration.stop()
  // A slow Consul is asked, and not waited for to the end.
  const gone = async (name: string): Promise<boolean> => (await servicesNamed(consul, name)).length === 0
  await waitFor('the end of the first', () => gone(first.name))
  const second = registered(t, consul)
  await second.registration.stop()
  second.registration.changed()
  await pause(200)
  await waitFor('the end of the second', () => gone(second.name))
})

test('a Consul that hangs, or is not there, does not hold up the stop for longer than it is given', async (t) => {
  const sockets: Socket[] = []
  const server = createServer((socket) => sockets.push(socket))
  t.after(() => server.close())
  t.after(() => sockets.forEach((socket) => socket.destroy()))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  for (const port of [(server.address() as AddressInfo).port, await freePort()]) {
    const { registration, states } = registered(t, consulAt(`http://127.0.0.1:${port}`))
    await pause(50)
    await registration.stop()
    const [, reason = ''] = states.at(-1) ?? []
    assert.match(reason, /^cannot deregister the service/)
    assert.ok(Number(/timed out \((\d+)ms\)/.exec(reason)?.[1] ?? 0) <= 600, reason)
  }
})

test('a token without rights is told with what it needs', needsConsul, async (t) => {
  const consul = await startOwnConsul(t, { acl: '5d1b9a0e-0000-4000-8000-000000000000' })
  const { name, states } = registered(t, consulAt(consul.base, 'n0t-kn0wn'))
  await waitFor('the refusal', () => states.length > 0)
  assert.equal(states[0]?.[0], 'unreachable')
  assert.match(states[0][1], new RegExp(`403 .*have service:write on "${name}"`))
  assert.doesNotMatch(states[0][1], /n0t-kn0wn/)
})
