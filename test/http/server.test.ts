import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { connect, createServer } from 'node:net'
import { networkInterfaces } from 'node:os'
import { test, type TestContext } from 'node:test'
import { AgentError } from '../../src/domain/errors.ts'
import type { Snapshot } from '../../src/engine/snapshot.ts'
import { HttpFace, type HttpOptions } from '../../src/http/server.ts'
import { aModel, aSnapshot } from './a-snapshot.ts'
import { parseMetrics } from './parse-metrics.ts'

interface Got {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

async function face(t: TestContext, snapshot: () => Snapshot = () => aSnapshot(), options: Partial<HttpOptions> = {}) {
  const failures: string[] = []
  const server = new HttpFace({
    model: aModel(snapshot),
    listen: { host: '127.0.0.1', port: 0 },
    failed: (error, path) => void failures.push(`${path}: ${String(error)}`),
    ...options,
  })
  const port = await server.listen()
  t.after(() => server.close())
  const ask = (path: string, { method = 'GET', agent }: { method?: string; agent?: Agent } = {}): Promise<Got> =>
    new Promise((resolve, reject) => {
      const asked = request({ host: '127.0.0.1', port, path, method, agent: agent ?? false }, (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: Buffer.concat(chunks).toString(),
          }),
        )
      })
      asked.on('error', reject)
      asked.end()
    })
  return { server, port, ask, failures }
}

/** Sends raw bytes and gives all that comes until the server ends the connection. */
async function raw(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')))
  socket.on('error', () => undefined)
  socket.write(text)
  await once(socket, 'close')
  return answer
}

test('the five paths answer', async (t) => {
  const { ask } = await face(t)
  assert.deepEqual([(await ask('/livez')).status, (await ask('/livez')).body], [200, '{"status":"live"}\n'])
  assert.deepEqual([(await ask('/readyz')).status, (await ask('/readyz?x=1')).body], [200, '{"status":"ready"}\n'])
  assert.equal((await ask('/healthz')).body, '{"status":"pass"}\n')
  const verbose = JSON.parse((await ask('/healthz?verbose')).body) as { components: { name: string }[] }
  assert.deepEqual(
    verbose.components.map(({ name }) => name),
    ['agent', 'consul', 'run document', 'input of calculator', 'output of calculator', 'calculator'],
  )
  const metrics = await ask('/metrics')
  assert.match(String(metrics.headers['content-type']), /^text\/plain; version=0\.0\.4/)
  assert.equal(parseMetrics(metrics.body).samples.get('pidpiper_ready'), 1)
  const status = JSON.parse((await ask('/status')).body) as Snapshot & { events: { seq: number }[] }
  const { events, ...snapshot } = status
  assert.deepEqual(snapshot, aSnapshot())
  assert.deepEqual([events.length, events[0]?.seq, events.at(-1)?.seq], [50, 11, 60])
})

test('not ready is 503 with every reason, and still live', async (t) => {
  const { ask } = await face(t, () => aSnapshot({ agent: { state: 'waiting', reason: 'no document' } }))
  const got = await ask('/readyz')
  assert.equal(got.status, 503)
  assert.deepEqual(JSON.parse(got.body), { status: 'not ready', reasons: ['agent: waiting, no document'] })
  assert.equal((await ask('/healthz')).status, 503)
  assert.equal((await ask('/livez')).status, 200)
})

test('HEAD has the headers of GET and no body', async (t) => {
  const { ask } = await face(t)
  const [head, get] = [await ask('/status', { method: 'HEAD' }), await ask('/status')]
  assert.deepEqual([head.status, head.body], [200, ''])
  assert.equal(head.headers['content-length'], get.headers['content-length'])
  assert.equal(get.headers['cache-control'], 'no-store')
})

test('other paths are 404, other methods 405, and a failing model 500 without its text', async (t) => {
  const { ask, failures } = await face(t, () => {
    throw new Error('inner secret')
  })
  for (const path of ['/', '/LIVEZ', '/livez/', '/__proto__', '/constructor', '/../status', '//livez']) {
    const got = await ask(path)
    assert.deepEqual([path, got.status, got.headers['content-type']], [path, 404, 'application/json; charset=utf-8'])
  }
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']) {
    const got = await ask('/livez', { method })
    assert.deepEqual([method, got.status, got.headers['allow']], [method, 405, 'GET, HEAD'])
  }
  for (const path of ['/readyz', '/status', '/metrics']) {
    const got = await ask(path)
    assert.equal(got.status, 500)
    assert.doesNotMatch(got.body, /inner/)
  }
  assert.deepEqual(
    failures,
    ['/readyz', '/status', '/metrics'].map((path) => `${path}: Error: inner secret`),
  )
})

test('headers over the limit are 431, nonsense is 400, and the connection ends', async (t) => {
  const { port, ask } = await face(t)
  assert.match(
    await raw(port, `GET /livez HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(10_000)}\r\n\r\n`),
    /^HTTP\/1\.1 431 /,
  )
  assert.match(await raw(port, 'nonsense\r\n\r\n'), /^HTTP\/1\.1 400 /)
  assert.match(await raw(port, 'GET constructor HTTP/1.1\r\nHost: a\r\n\r\n'), /^HTTP\/1\.1 40[04] /)
  assert.equal((await ask('/livez')).status, 200)
})

test('a body is not waited for: the answer comes at once and ends the connection', async (t) => {
  const { port } = await face(t)
  const body = 'Host: a\r\nContent-Length: 1000000\r\n\r\nonly this'
  assert.match(await raw(port, `POST /livez HTTP/1.1\r\n${body}`), /^HTTP\/1\.1 405 [^]*Connection: close/)
  assert.match(await raw(port, `GET /livez HTTP/1.1\r\n${body}`), /^HTTP\/1\.1 200 [^]*Connection: close/)
  const chunked = 'GET /livez HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab'
  assert.match(await raw(port, chunked), /^HTTP\/1\.1 200 [^]*Connection: close/)
})

test('a header that never ends is cut off after the limit', async (t) => {
  const { port } = await face(t)
  const began = performance.now()
  assert.match(await raw(port, 'GET /livez HTTP/1.1\r\nHost: a\r\n'), /^HTTP\/1\.1 408 /)
  assert.ok(performance.now() - began < 10_000, 'the limit of a whole request has not ended it')
})

test('a port in use is UNAVAILABLE and names the port and the cure', async (t) => {
  const other = createServer()
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.after(() => other.close())
  const { port } = other.address() as { port: number }
  const server = new HttpFace({
    model: aModel(aSnapshot),
    listen: { host: '127.0.0.1', port },
    failed: () => undefined,
  })
  await assert.rejects(server.listen(), (error) => {
    assert.ok(error instanceof AgentError && error.code === 'UNAVAILABLE' && error.cause instanceof Error)
    assert.match(error.subject, new RegExp(`^cannot listen on 127.0.0.1:${port}: the port is in use; .*HTTP_LISTEN`))
    return true
  })
  await server.close()
})

test('without a host both families reach it', async (t) => {
  const { port } = await face(t, undefined, { listen: { host: null, port: 0 } })
  const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'))
  for (const host of ['127.0.0.1', ...(hasIpv6 ? ['[::1]'] : [])]) {
    assert.equal((await fetch(`http://${host}:${port}/livez`, { headers: { connection: 'close' } })).status, 200)
  }
})

const drops = 'close waits 100 ms, then drops keep-alive connections, half requests and silent sockets'

test(drops, { timeout: 60_000 }, async (t) => {
  const { server, port, ask } = await face(t)
  const agent = new Agent({ keepAlive: true })
  t.after(() => agent.destroy())
  await ask('/livez', { agent })
  const silent = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
  for (const socket of silent) {
    socket.on('error', () => undefined)
    t.after(() => socket.destroy())
    await once(socket, 'connect')
  }
  silent[0]?.write('GET /livez HT')
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const closed = server.close()
  t.mock.timers.tick(100)
  await closed
  await assert.rejects(ask('/livez'), { code: 'ECONNREFUSED' })
})
