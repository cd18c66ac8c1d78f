import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type OutgoingHttpHeaders, type RequestListener } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { inspect } from 'node:util'
import { ConsulClient } from '../../src/consul/client.ts'
import { ConsulError } from '../../src/consul/errors.ts'
import {
  clientOf,
  consulAt,
  deleteKey,
  putKey,
  servicesNamed,
  sharedConsul,
  startOwnConsul,
  unique,
} from '../support/consul.ts'
import { freePort } from '../support/ports.ts'
import { waitFor } from '../support/wait-for.ts'
import { needsConsul } from '../testbed/address.ts'

const TOKEN = 'b1gs3cr3t-0000-1111-2222-333344445555'

const service = (name: string) => ({
  id: `${name}-1`,
  name,
  address: '10.0.0.7',
  port: 8080,
  tags: ['t'],
  meta: { a: 'b' },
})
const check = (name: string) => ({ id: `${name}-1:agent`, name: 'agent', ttl: 15_000, status: 'critical' as const })

async function failureOf(call: Promise<unknown>): Promise<ConsulError> {
  const error: unknown = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof ConsulError, inspect(error))
  return error
}

async function listen(t: TestContext, server: ReturnType<typeof createTcpServer>, host = '127.0.0.1'): Promise<number> {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket))
  server.listen(0, host)
  await once(server, 'listening')
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const fakeConsul = async (t: TestContext, answer: RequestListener): Promise<ConsulClient> =>
  clientOf(t, consulAt(`http://127.0.0.1:${await listen(t, createServer(answer))}`))

test('a key is read with its ModifyIndex, a missing key is no error', needsConsul, async (t) => {
  const consul = sharedConsul()
  const client = clientOf(t, consul)
  const key = unique('test/kv')
  assert.equal((await client.read(key)).entry, null)
  await putKey(consul, key, 'grüß dich\n')
  t.after(() => deleteKey(consul, key))
  const { index, entry } = await client.read(key)
  assert.equal(entry?.text, 'grüß dich\n')
  assert.ok(entry.modifyIndex > 0 && index >= entry.modifyIndex)
  await putKey(consul, key, '')
  assert.equal((await client.read(key)).entry?.text, '')
})

test('a blocking query answers at the change, and ends when it is aborted', needsConsul, async (t) => {
  const consul = sharedConsul()
  const client = clientOf(t, consul)
  const key = unique('test/kv')
  t.after(() => deleteKey(consul, key))
  await putKey(consul, key, 'one')
  const { index } = await client.read(key)
  const answer = client.block(key, index, 30_000)
  await putKey(consul, key, 'two')
  assert.equal((await answer).entry?.text, 'two')
  const abort = new AbortController()
  const broken = client.block(key, (await client.read(key)).index, 30_000, abort.signal)
  abort.abort()
  // At the end of its wait it would be an answer.
  await failureOf(broken)
  await failureOf(client.read(key, { signal: abort.signal }))
})

test('a service is registered, read back, reported on and deregistered', needsConsul, async (t) => {
  const consul = sharedConsul()
  const client = clientOf(t, consul)
  for (const name of [unique('plain'), unique('"quoted"\\'), unique('back`tick')]) await lifeOf(name)

  async function lifeOf(name: string): Promise<void> {
    assert.equal(await client.registered(`${name}-1`), null)
    await client.register(service(name), [check(name)])
    const found = await client.registered(`${name}-1`)
    assert.deepEqual(found?.service, service(name))
    assert.deepEqual([...found.checks], [`${name}-1:agent`])
    await client.report(`${name}-1:agent`, 'warning', 'lone surrogate \ud800 & more')
    await client.deregister(service(name))
    await client.deregister(service(name))
    assert.deepEqual(await servicesNamed(consul, name), [])
    const error = await failureOf(client.report(`${name}-1:agent`, 'passing', 'x'))
    assert.equal(error.status, 404)
    assert.match(error.subject, /^cannot update the check .* in Consul at http:.*: 404 Unknown check ID/)
  }
})

test('a Consul that is not there is named, with the reason', async (t) => {
  const port = await freePort()
  const error = await failureOf(clientOf(t, consulAt(`http://localhost:${port}`)).read('a/b'))
  assert.equal(error.status, null)
  assert.equal(error.code, 'UNAVAILABLE')
  assert.equal(error.subject, `cannot read the key "a/b" in Consul at http://localhost:${port}: connection refused`)
  const nobody = new ConsulClient({ host: 'nobody.invalid', port: 8500, secure: false })
  t.after(() => nobody.close())
  assert.match((await failureOf(nobody.read('k'))).subject, /host name not found/)
})

test('a Consul that never answers costs the time limit and no more', async (t) => {
  let tries = 0
  const port = await listen(
    t,
    createTcpServer(() => tries++),
  )
  const hung = clientOf(t, consulAt(`http://127.0.0.1:${port}`), { timeout: 200 })
  const errors = await Promise.all([
    failureOf(hung.read('k')),
    failureOf(hung.register(service('x'), [check('x')])),
    failureOf(hung.report('x', 'passing', '')),
    failureOf(hung.registered('x')),
    failureOf(hung.deregister(service('x'))),
    failureOf(hung.deregister(service('x'), { timeout: 50 })),
  ])
  const limits = errors.map(({ subject }) => /: request timed out \((\d+)ms\)$/.exec(subject)?.[1])
  assert.deepEqual(limits, ['200', '200', '200', '200', '200', '50'])
  // A blocking query has its own limit: what it waits, Consul's jitter of a sixteenth, and slack.
  assert.match((await failureOf(hung.block('k', 1, 160))).subject, /timed out \(2170ms\)$/)
  assert.equal(tries, 7, 'none is tried again')
  const stalled = await fakeConsul(t, (_request, response) =>
    response.writeHead(200, { 'content-length': '9' }).flushHeaders(),
  )
  assert.match((await failureOf(stalled.read('k', { timeout: 100 }))).subject, /timed out \(100ms\)$/)
})

test('whoever answers in the place of Consul is told apart, and not taken for one without the key', async (t) => {
  const index = { 'x-consul-index': '5', 'content-type': 'application/json' }
  const answers: readonly (readonly [status: number, headers: OutgoingHttpHeaders, body: string])[] = [
    [200, { 'content-type': 'text/html' }, '<h1>It works!</h1>'],
    [404, { 'content-type': 'text/html' }, '<h1>Not Found</h1>'],
    [204, {}, ''],
    [200, { ...index, 'x-consul-index': 'x' }, '[]'],
    [200, index, 'null'],
    [200, index, '[null]'],
    [200, index, '[{"Value":5,"ModifyIndex":5}]'],
    [200, index, '[{"Value":"e30=","ModifyIndex":"5"}]'],
  ]
  for (const [status, headers, body] of answers) {
    const client = await fakeConsul(t, (_request, response) => response.writeHead(status, headers).end(body))
    const { subject } = await failureOf(client.read('k', { timeout: 20_000 }))
    assert.match(subject, /^cannot read the key "k" in Consul at http:\S+: the answer is none of Consul's: .+/, body)
  }
})

test('a connection that went stale while idle costs one more try', async (t) => {
  let requests = 0
  const client = await fakeConsul(t, (request, response) => {
    requests += 1
    if (requests === 2) request.socket.destroy()
    else response.writeHead(404, { 'x-consul-index': '7' }).end()
  })
  await client.read('k')
  assert.equal((await client.read('k')).index, 7)
  assert.equal(requests, 3)
})

test('token and namespace travel as headers, and only there', async (t) => {
  let seen: { url: string | undefined; headers: IncomingHttpHeaders } | null = null
  const server = createServer((request, response) => {
    seen = { url: request.url, headers: request.headers }
    response.writeHead(404, { 'x-consul-index': '1' }).end()
  })
  const port = await listen(t, server)
  const client = clientOf(t, consulAt(`http://127.0.0.1:${port}`, TOKEN), { namespace: 'team' })
  await client.read('some/key with blank')
  assert.deepEqual(
    [seen?.['url'], seen?.['headers']['x-consul-token'], seen?.['headers']['x-consul-namespace']],
    ['/v1/kv/some%2Fkey%20with%20blank', TOKEN, 'team'],
  )
})

test('with a new token what is under way is asked again, once, with it', async (t) => {
  const asked: string[] = []
  const client = await fakeConsul(t, (request, response) => {
    asked.push(String(request.headers['x-consul-token']))
    if (asked.length > 1) response.writeHead(404, { 'x-consul-index': '9' }).end()
  })
  client.renew({ token: 'first' })
  const blocked = client.block('k', 7, 10_000)
  await waitFor('the blocking query', () => asked.length === 1)
  client.renew({ token: 'second' })
  assert.equal((await blocked).index, 9)
  assert.deepEqual(asked, ['first', 'second'])
})

test('an IPv6 address is reached', async (t) => {
  const server = createServer((_request, response) => response.writeHead(404, { 'x-consul-index': '3' }).end())
  const port = await listen(t, server, '::1').catch(() => null)
  if (port === null) {
    t.skip('this machine has no IPv6 loopback')
    return
  }
  const client = new ConsulClient({ host: '::1', port, secure: false })
  t.after(() => client.close())
  assert.equal((await client.read('k')).index, 3)
})

test('an answer that repeats the token is shown without it', async (t) => {
  const server = createServer((request, response) =>
    response
      .writeHead(500, { 'content-type': 'text/plain' })
      .end(`what is ${String(request.headers['x-consul-token'])}?`),
  )
  const port = await listen(t, server)
  const error = await failureOf(clientOf(t, consulAt(`http://127.0.0.1:${port}`, TOKEN)).read('k'))
  assert.match(error.subject, /500 what is \*\*\*\?$/)
  assert.equal(error.code, 'UNAVAILABLE')
})

test('a token without rights is a clear problem, and no error carries it', needsConsul, async (t) => {
  const consul = await startOwnConsul(t, { acl: TOKEN })
  const right = clientOf(t, consul)
  await waitFor('the right token works', () => right.register(service('acl'), [check('acl')]).then(() => true))
  const wrong = clientOf(t, consulAt(consul.base, 'wr0ng-t0k3n'))
  const errors = [
    await failureOf(wrong.read('dir/node')),
    await failureOf(wrong.register(service('acl'), [check('acl')])),
    await failureOf(wrong.report('acl-1:agent', 'passing', 'x')),
  ]
  for (const error of errors) {
    assert.equal(error.status, 403)
    assert.match(
      error.subject,
      /: 403 .*; the token in CONSUL_HTTP_TOKEN must be known to Consul and have \w+:(read|write)/,
    )
    assert.doesNotMatch(inspect(error, { depth: 20, showHidden: true }), /wr0ng/)
  }
  assert.match(errors[0]?.subject ?? '', /have key:read on "dir\/node"$/)
  const without = await failureOf(clientOf(t, consulAt(consul.base)).read('dir/node'))
  assert.match(without.subject, /; set CONSUL_HTTP_TOKEN to a token with key:read on "dir\/node"$/)
})
