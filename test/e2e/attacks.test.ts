// Attacks on every open port of one agent, while records flow: all refused, memory flat, no record held up.
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { join } from 'node:path'
import { test } from 'node:test'
import { watchPeak } from '../fixtures/e2e-proc.ts'
import { waitFor } from '../support/wait-for.ts'
import { attackable, closed, dial, flow, hit, login, statusOf, type Scene, type Target } from './attack-scene.ts'

/** What may grow while thousands of connections come and go. */
const MAY_GROW_MIB = 64
const CONNECTIONS = 10_000
const AT_ONCE = 1_000

const order = '<methodCall><methodName>supervisor.stopAllProcesses</methodName><params/></methodCall>'
const call = (headers: string, body = order): string =>
  `POST /RPC2 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n${headers}Content-Length: ${body.length}\r\n\r\n${body}`
const get = (path: string, headers = ''): string =>
  `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n${headers}\r\n`

test('every attack is refused, memory stays flat, records flow', { timeout: 180_000 }, async (t) => {
  const scene = await attackable(t)
  const { agent, targets } = scene
  const records = flow(t, agent)
  await waitFor('records', () => agent.stdout.length > 1000)
  const memory = watchPeak(t, agent.pid)
  const startMiB = await waitFor('the memory', () => memory.peakMiB > 0 && memory.peakMiB)
  const slow = slowRequests(targets)
  await withoutCredentials(targets)
  await guesses(targets)
  await oversized(targets)
  await hasty(targets)
  await trickyPaths(scene)
  await foreignPages(targets)
  await injectedHeaders(targets)
  await slow
  await manyConnections(scene)
  const { processes } = await agent.status()
  assert.deepEqual([...processes.map(({ state, restarts }) => `${state} ${restarts}`)], ['RUNNING 0', 'RUNNING 0'])
  assert.deepEqual(
    agent.log.filter(({ event }) => event === 'http.failed' || event === 'agent.bug'),
    [],
  )
  const { peakMiB } = memory
  assert.ok(peakMiB - startMiB < MAY_GROW_MIB, `${startMiB} MiB grew to ${peakMiB}`)
  const { fed, inOrder, silence } = await records.end()
  t.diagnostic(`${fed} lines, longest silence ${Math.round(silence)} ms, ${startMiB} to ${peakMiB} MiB`)
  assert.ok(inOrder, `${fed} lines were fed, and came back otherwise`)
  assert.ok(silence < 3_000, `${silence} ms without a record`)
})

async function withoutCredentials(targets: readonly Target[]): Promise<void> {
  const paths = [
    '/',
    '/index.html?action=stopall',
    '/RPC2',
    '/logtail/sleeper',
    '/mainlogtail',
    '/api/v1/processes',
    '/tail.html',
  ]
  for (const target of targets) {
    for (const path of paths) assert.equal(statusOf(await hit(target, get(path))), 401, `${target.name} ${path}`)
    assert.equal(statusOf(await hit(target, call(''))), 401, target.name)
    const endless = `POST /RPC2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n${'x'.repeat(4096)}`
    assert.equal(statusOf(await hit(target, endless)), 401, `${target.name}: a body without an end`)
  }
}

/** From another address than everybody else's, which is refused from the tenth guess on. */
async function guesses(targets: readonly Target[]): Promise<void> {
  const guess = (word: string): string => call(`Authorization: Basic ${Buffer.from(word).toString('base64')}\r\n`)
  for (const target of targets) {
    const statuses: number[] = []
    for (let count = 0; count < 12; count++)
      statuses.push(statusOf(await hit(target, guess(`me:${count}`), '127.0.0.2')))
    const refused = target.name === 'agent' ? 429 : 401
    assert.deepEqual(statuses, [...Array<number>(10).fill(401), refused, refused], target.name)
  }
  const [agent] = targets
  assert.ok(agent)
  assert.equal(statusOf(await hit(agent, get('/api/v1/status', login), '127.0.0.2')), 429)
  assert.equal(statusOf(await hit(agent, get('/api/v1/status', login))), 200)
}

/** Who is cut off in the middle of sending may not see the answer any more. */
const refusedOrCut = (answer: string, status: number): boolean => answer === '' || statusOf(answer) === status

async function oversized(targets: readonly Target[]): Promise<void> {
  for (const target of targets) {
    assert.ok(refusedOrCut(await hit(target, get('/', `X: ${'x'.repeat(70_000)}\r\n`)), 431), target.name)
    assert.ok(refusedOrCut(await hit(target, get('/', 'X: y\r\n'.repeat(10_000))), 431), target.name)
    assert.ok(refusedOrCut(await hit(target, get(`/${'x'.repeat(70_000)}`)), 431), target.name)
    const announced = `POST /RPC2 HTTP/1.1\r\nHost: 127.0.0.1\r\n${login}Content-Length: 10000000000\r\n\r\nx`
    assert.equal(statusOf(await hit(target, announced)), 413, `${target.name}: 10 GB announced`)
    const twice = 'POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
    assert.equal(statusOf(await hit(target, twice)), 400, `${target.name}: two lengths`)
    const bomb = `<methodCall><methodName>${'<a>'.repeat(50_000)}</methodName></methodCall>`
    assert.equal(statusOf(await hit(target, call(login, bomb))), 400, `${target.name}: nested`)
  }
}

/** As many requests as the server reads in one piece, of answers as large as there are, from several at once. */
async function hasty(targets: readonly Target[]): Promise<void> {
  const page = `GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n${login}\r\n`
  for (const target of targets) {
    const asked = target.name === 'agent' ? 'GET /status HTTP/1.1\r\nHost: x\r\n\r\n' : page
    const answers = await Promise.all(Array.from({ length: 4 }, () => hit(target, asked.repeat(1900))))
    for (const answer of answers) assert.ok(answer.split('HTTP/1.1 ').length - 1 <= 16, target.name)
  }
}

async function trickyPaths({ agent, targets }: Scene): Promise<void> {
  const paths = [
    '/%2e%2e/RPC2',
    '//RPC2',
    '/RPC2%00',
    '/livez/../RPC2',
    '/LIVEZ/%2e%2e/api/v1/processes',
    '/\\RPC2',
    '/%ff',
  ]
  const others = [
    '/../../etc/passwd',
    '/%2e%2e%2f%2e%2e%2fetc/passwd',
    '/livez%2f..%2fapi',
    'http://x/RPC2',
    '*',
    '/;/RPC2',
    '/logtail/../../etc/passwd',
  ]
  for (const target of targets) {
    for (const path of [...paths, ...others]) {
      const [closed, inside] = [await hit(target, get(path)), await hit(target, get(path, login))]
      assert.ok([400, 401, 404].includes(statusOf(closed)), `${target.name} ${path}: ${statusOf(closed)}`)
      assert.ok([400, 404].includes(statusOf(inside)), `${target.name} ${path} inside: ${statusOf(inside)}`)
      assert.ok(!`${closed}${inside}`.includes('root:'), path)
    }
  }
  const nul = await hit(targets[0] as Target, 'GET /livez\0/RPC2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
  assert.equal(statusOf(nul), 400)
  assert.equal((await agent.get('/livez')).status, 200)
}

/** The browser of one who has logged in adds the password to whatever form a foreign page sends. */
async function foreignPages(targets: readonly Target[]): Promise<void> {
  const form = 'Content-Type: application/x-www-form-urlencoded\r\n'
  for (const target of targets) {
    for (const origin of ['http://evil.example', 'null', 'https://127.0.0.1:1', 'http://127.0.0.1.evil.example']) {
      const headers = `${login}${form}Origin: ${origin}\r\n`
      assert.equal(statusOf(await hit(target, call(headers))), 403, `${target.name} ${origin}`)
      const action = `POST /?action=stopall HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Length: 0\r\n${headers}\r\n`
      assert.equal(statusOf(await hit(target, action)), 403, `${target.name} ${origin}`)
    }
    // A link of a foreign page brings no Origin, and acts on nothing: it asks first.
    assert.equal(statusOf(await hit(target, get('/?action=stopall', login))), 200, target.name)
  }
}

async function injectedHeaders(targets: readonly Target[]): Promise<void> {
  const injected = '%0d%0aSet-Cookie:%20x=1%0d%0a%0d%0a<script>'
  for (const target of targets) {
    for (const path of [
      `/?message=${injected}`,
      `/api/v1/processes/${injected}`,
      `/${injected}`,
      `/tail.html?processname=${injected}`,
    ]) {
      const answer = await hit(target, get(path, login))
      assert.doesNotMatch(answer.split('\r\n\r\n', 1).join(), /^Set-Cookie/im, `${target.name} ${path}`)
      // JSON is no page, and may not be taken for one.
      const isPage = !/^Content-Type: application\/json[^]*^X-Content-Type-Options: nosniff/im.test(answer)
      assert.ok(!isPage || !answer.includes('<script>'), `${target.name} ${path}`)
    }
    const folded = `GET / HTTP/1.1\r\nHost: x\r\nX: a\r\n b: c\nAuthorization: y\r\n\r\n`
    assert.ok([400, 401].includes(statusOf(await hit(target, folded))), target.name)
  }
}

/** Hundreds at a time that ask nothing: whoever asks is answered all the same. */
async function manyConnections({ targets, folder }: Scene): Promise<void> {
  const [agent] = targets
  assert.ok(agent)
  for (let done = 0; done < CONNECTIONS; done += AT_ONCE) {
    const target: Target = targets[(done / AT_ONCE) % targets.length] ?? agent
    const sockets = await Promise.all(Array.from({ length: AT_ONCE }, () => dial(target).catch(() => null)))
    assert.equal(
      statusOf(await hit(agent, get('/livez'))),
      200,
      `after ${done + AT_ONCE} connections to ${target.name}`,
    )
    for (const socket of sockets) socket?.destroy()
  }
  assert.equal(await overControlSocket(join(folder, 'control.sock')), 200)
}

const overControlSocket = (socketPath: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: '/api/v1/processes' }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    asked.on('error', reject)
    asked.end()
  })

/** Headers and bodies that come a byte at a time: cut off after 5 and 10 s by the agent’s own clock. */
async function slowRequests(targets: readonly Target[]): Promise<void> {
  const header = 'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: '
  const body = `POST /RPC2 HTTP/1.1\r\nHost: 127.0.0.1\r\n${login}Content-Length: 1000\r\n\r\n<`
  const drip = async (target: Target, first: string): Promise<void> => {
    const socket = await dial(target)
    socket.resume()
    socket.write(first)
    const timer = setInterval(() => socket.write('x'), 500)
    await closed(socket)
    clearInterval(timer)
  }
  const [agent] = targets
  assert.ok(agent)
  await Promise.all(Array.from({ length: 20 }, (_, index) => drip(agent, index % 2 === 0 ? header : body)))
}
