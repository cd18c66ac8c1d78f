import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AgentError } from '../../../src/domain/errors.ts'
import { controlled, firstLine, keys, operator, reader } from './ask.ts'

const orders = ['processes/calculator/start', 'processes/calculator/stop', 'processes/calculator/restart', 'processes/calculator/signal?name=HUP', 'reload', 'shutdown'] // prettier-ignore

test('questions are answered to both roles, orders to the operator alone', async (t) => {
  const { ask, orders: arrived } = await controlled(t)
  for (const path of ['status', 'processes', 'processes/calculator', 'events?since=55']) {
    for (const headers of [operator, reader]) assert.equal((await ask(`/api/v1/${path}`, { headers })).status, 200)
  }
  for (const path of orders) {
    const refused = await ask(`/api/v1/${path}`, { method: 'POST', headers: reader })
    assert.deepEqual([refused.status, arrived], [403, []], path)
  }
  for (const path of orders) {
    const got = await ask(`/api/v1/${path}`, { method: 'POST', headers: operator })
    assert.equal(got.status, path.startsWith('processes') ? 200 : 202, path)
  }
  const [start, stop] = ['start calculator', 'stop calculator']
  assert.deepEqual(arrived, [start, stop, stop, start, 'signal calculator HUP', 'reload', 'shutdown'])
})

test('without credentials, and with wrong ones, nothing is told and nothing done', async (t) => {
  const { ask, orders: arrived, refusals } = await controlled(t)
  const wrong = [{}, { Authorization: 'Bearer nonsense' }, { Authorization: 'Basic bWU6bm8=' }]
  for (const headers of wrong) {
    for (const path of ['/', '/RPC2', '/api/v1/processes', '/nothing', '/api/v1/shutdown']) {
      const got = await ask(path, { method: path.includes('shutdown') ? 'POST' : 'GET', headers })
      assert.deepEqual([path, got.status, got.body], [path, 401, { error: 'credentials are needed' }])
      assert.match(got.headers.get('www-authenticate') ?? '', /^Basic realm=.*Bearer realm=/)
    }
    // Open as ever, whatever a request carries.
    assert.equal((await ask('/livez', { headers })).status, 200)
  }
  assert.deepEqual([arrived, refusals.length], [[], 2])
  assert.match(refusals.join(), /^warn wrong credentials,error 10 wrong credentials/)
})

test('an address that guesses is refused, with right credentials too, until the minute ends', async (t) => {
  let now = 0
  const { ask } = await controlled(t, { now: () => now })
  const guess = { headers: { Authorization: 'Bearer guess' } }
  for (let count = 0; count < 10; count++) assert.equal((await ask('/api/v1/status', guess)).status, 401)
  const got = await ask('/api/v1/status', { headers: operator })
  assert.deepEqual([got.status, got.headers.get('retry-after')], [429, '60'])
  assert.equal((await ask('/readyz')).status, 200)
  now = 60_000
  assert.equal((await ask('/api/v1/status', { headers: operator })).status, 200)
})

test('a page of another site is refused, whatever credentials its browser adds', async (t) => {
  const { ask, port, orders: arrived, refusals } = await controlled(t)
  const login = { Authorization: `Basic ${Buffer.from('me:pass').toString('base64')}` }
  const order = '/api/v1/shutdown'
  for (const origin of ['http://evil.example', 'null', `https://127.0.0.1:${port + 1}`, `file://127.0.0.1:${port}`]) {
    const got = await ask(order, { method: 'POST', headers: { ...login, Origin: origin } })
    assert.deepEqual([origin, got.status], [origin, 403])
  }
  assert.deepEqual([arrived, refusals.length], [[], 4])
  assert.equal(
    (await ask(order, { method: 'POST', headers: { ...login, Origin: `http://127.0.0.1:${port}` } })).status,
    202,
  )
})

test('wrong paths, methods and names are told apart, and none is an exception', async (t) => {
  const { ask, refusals } = await controlled(t)
  const post = { method: 'POST', headers: operator }
  const get = { headers: operator }
  const cases = [
    ['/api/v1/', get, 404],
    ['/api/v1/__proto__', get, 404],
    ['/api/v1/processes/', get, 404],
    ['/api/v1/processes/nobody', get, 404],
    ['/api/v1/processes/%00', get, 404],
    ['/api/v1/processes/%ff', get, 404],
    ['/api/v1/processes/calculator/constructor', post, 404],
    ['/api/v1/processes/a/../calculator/explode', post, 404],
    ['/api/v1/processes/calculator/start', get, 405],
    ['/api/v1/processes/calculator', post, 405],
    ['/api/v1/shutdown', get, 405],
    ['/api/v1/events?since=-1', get, 400],
    ['/api/v1/events?since=1e99', get, 400],
  ] as const
  for (const [path, options, status] of cases)
    assert.deepEqual([path, (await ask(path, options)).status], [path, status])
  assert.deepEqual(refusals, [])
})

test('an order that cannot be followed says why, by code and status', async (t) => {
  const stopped = new AgentError('NOT_RUNNING', 'calculator')
  const { ask, orders: arrived } = await controlled(t, {
    deeds: {
      stop: () => Promise.reject(stopped),
      signal: (_, signal) => {
        throw new AgentError('BAD_SIGNAL', signal)
      },
    },
  })
  const post = (path: string) => ask(`/api/v1/processes/calculator/${path}`, { method: 'POST', headers: operator })
  const error = { error: 'NOT_RUNNING: calculator', code: 'NOT_RUNNING' }
  assert.deepEqual([(await post('stop')).status, (await post('stop')).body], [409, error])
  assert.equal((await post('signal?name=NONE')).status, 400)
  for (const nameless of ['signal', 'signal?name=', 'signal?signal=HUP']) {
    const { status, body } = await post(nameless)
    const error = 'BAD_ARGUMENTS: the path should end with ?name= and a signal, such as ?name=HUP'
    assert.deepEqual([status, body], [400, { error, code: 'BAD_ARGUMENTS' }])
  }
  assert.equal((await post('restart')).status, 200)
  assert.deepEqual(arrived, ['start calculator'])
})

test('a body is never waited for, with credentials or without', async (t) => {
  const { port, orders: arrived } = await controlled(t)
  const head = 'POST /api/v1/reload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n'
  assert.equal(await firstLine(port, `${head}\r\n`), 'HTTP/1.1 401 Unauthorized')
  assert.equal(await firstLine(port, `${head}Authorization: Bearer ${keys.token}\r\n\r\nxx`), 'HTTP/1.1 202 Accepted')
  assert.deepEqual(arrived, ['reload'])
})
