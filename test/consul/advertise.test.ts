import assert from 'node:assert/strict'
import { networkInterfaces } from 'node:os'
import { test } from 'node:test'
import { chooseAdvertise, type Addresses } from '../../src/consul/advertise.ts'
import { serviceDefinition } from '../../src/consul/service-definition.ts'

const unset = { advertise: null, podIp: null, consulHost: 'localhost' }

const machine = (towards: Readonly<Record<string, string>>, own: readonly string[] = []): Addresses => ({
  sourceTowards: (host) => Promise.resolve(towards[host] ?? null),
  own: () => own,
})

test('CONSUL_ADVERTISE wins, then POD_IP', async () => {
  const addresses = machine({ localhost: '10.0.0.9' }, ['10.0.0.9'])
  assert.deepEqual(await chooseAdvertise({ ...unset, advertise: '127.0.0.1', podIp: '10.9.9.9' }, addresses), {
    address: '127.0.0.1',
    reason: 'CONSUL_ADVERTISE',
  })
  assert.equal((await chooseAdvertise({ ...unset, podIp: '10.9.9.9' }, addresses)).address, '10.9.9.9')
})

const ways: readonly (readonly [string, Addresses, string, RegExp])[] = [
  [
    'the way to Consul',
    machine({ localhost: '10.0.0.9', '192.0.2.1': '10.0.0.8' }),
    '10.0.0.9',
    /towards Consul at localhost/,
  ],
  [
    'the default route',
    machine({ localhost: '127.0.0.1', '192.0.2.1': '10.0.0.8' }, ['10.0.0.7']),
    '10.0.0.8',
    /default route/,
  ],
  ['the default route of IPv6', machine({ localhost: '::1', '2001:db8::1': '2a00::8' }), '2a00::8', /default route/],
  [
    'an interface',
    machine({ localhost: '127.0.0.1' }, ['127.0.0.1', '::1', 'fe80::1', '169.254.3.3', '10.0.0.7']),
    '10.0.0.7',
    /first address/,
  ],
  ['a name that is not found', machine({}, ['10.0.0.7']), '10.0.0.7', /first address/],
]
for (const [title, addresses, address, reason] of ways) {
  test(`without them: ${title}`, async () => {
    const chosen = await chooseAdvertise(unset, addresses)
    assert.equal(chosen.address, address)
    assert.match(chosen.reason, reason)
    assert.equal(chosen.warning, undefined)
  })
}

test('loopback only with a warning', async () => {
  const chosen = await chooseAdvertise(unset, machine({ localhost: '127.0.0.1' }, ['127.0.0.1', '::1']))
  assert.equal(chosen.address, '127.0.0.1')
  assert.match(chosen.warning ?? '', /set CONSUL_ADVERTISE/)
  assert.equal((await chooseAdvertise(unset, machine({ localhost: '::1' }))).address, '::1')
})

test('this machine, with Consul on localhost, gives an address that is no loopback where there is one', async () => {
  const own = Object.values(networkInterfaces()).flatMap((some) => some ?? [])
  const reachable = own.filter(({ internal, address }) => !internal && !/^(fe80|169\.254)/.test(address))
  for (const consulHost of ['localhost', '127.0.0.1', '::1', 'nobody.invalid']) {
    const { address, warning } = await chooseAdvertise({ ...unset, consulHost })
    assert.equal(warning === undefined, reachable.length > 0)
    if (reachable.length > 0)
      assert.ok(
        reachable.some((one) => one.address === address),
        address,
      )
  }
})

const facts = {
  name: 'bdz-wsp-n1',
  instanceId: 'pod-1',
  address: '2a00::8',
  port: 8080,
  cluster: 'default',
  version: '0.1.0',
  platformVersion: '1.2',
}

test('the whole definition: the id tells the instances apart, meta says only what is known', () => {
  assert.deepEqual(serviceDefinition(facts), {
    id: 'bdz-wsp-n1-pod-1',
    name: 'bdz-wsp-n1',
    address: '2a00::8',
    port: 8080,
    tags: ['pidpiper'],
    meta: {
      instance: 'pod-1',
      cluster: 'default',
      http: 'http://[2a00::8]:8080',
      version: '0.1.0',
      platform_version: '1.2',
    },
  })
  const closed = serviceDefinition({ ...facts, port: null, platformVersion: null })
  assert.equal(closed.port, 0)
  assert.deepEqual(Object.keys(closed.meta), ['instance', 'cluster', 'version'])
})
