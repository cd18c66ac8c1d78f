import assert from 'node:assert/strict'
import { hostname } from 'node:os'
import { test, type TestContext } from 'node:test'
import { waitFor } from '../../../support/wait-for.ts'
import { serve } from '../serving.ts'
import { exchange, get, open, post, statusOf } from './raw.ts'

const basic = (text: string): string => `Authorization: Basic ${Buffer.from(text).toString('base64')}\r\n`

async function status(t: TestContext, where: number | string, request: string): Promise<number> {
  return statusOf(await exchange(t, where, request))
}

test('with a password nothing is told without it', async (t) => {
  const { port, socket, log } = await serve(t, 'username=me\npassword=pass:word\n')
  for (const path of ['/', '/ok.html', '/nope', '/logtail/cat', '/mainlogtail', '/stylesheets/supervisor.css']) {
    assert.equal(await status(t, port, get(path)), 401, path)
  }
  const refused = await exchange(t, socket, post('supervisor.getPID'))
  assert.match(refused, /^HTTP\/1\.1 401 Unauthorized\r\n/)
  assert.match(refused, /\r\nWWW-Authenticate: Basic realm="default"\r\n/)
  assert.match(refused, /\r\nConnection: close\r\n/)
  const asking = (header: string): Promise<number> => status(t, port, get('/ok.html', header))
  assert.equal(await asking(basic('me:pass:word')), 200)
  assert.equal(await asking(basic('me:pass')), 401)
  assert.equal(await asking(basic('you:pass:word')), 401)
  assert.equal(await asking('Authorization: Digest x\r\n'), 401)
  assert.equal(await asking('Authorization: Basic\r\n'), 400)
  assert.equal(await asking('Authorization: Basic bm9jb2xvbg==\r\n'), 400)
  assert.equal(await asking(`${basic('me:pass:word')}Host: evil.example\r\n`), 200)
  assert.ok(!log.some((line) => line.includes('without any HTTP authentication')))
})

test('a digest password, and no password at all', async (t) => {
  const digest = await serve(t, 'username=user\npassword={SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d\n')
  assert.equal(await status(t, digest.port, get('/ok.html', basic('user:thepassword'))), 200)
  assert.equal(
    await status(t, digest.port, get('/ok.html', basic('user:82ab876d1387bfafe46cc1c8a2ef074eae50cb1d'))),
    401,
  )
  const open = await serve(t)
  assert.equal(await status(t, open.port, get('/ok.html', 'Authorization: Negotiate x\r\n')), 200)
  assert.deepEqual(open.log, [
    "info RPC interface 'supervisor' initialized",
    "critical Server 'inet_http_server' running without any HTTP authentication checking",
    "info RPC interface 'supervisor' initialized",
    "critical Server 'unix_http_server' running without any HTTP authentication checking",
  ])
})

test('pages of other sites cannot act here', async (t) => {
  const { port, socket, log, daemon } = await serve(t)
  const call = (where: number | string, headers: string): Promise<number> =>
    status(t, where, post('supervisor.startProcess', ['cat'], headers))
  assert.equal(await call(port, `Host: 127.0.0.1:${port}\r\nOrigin: http://evil.example\r\n`), 403)
  assert.equal(await call(port, `Host: 127.0.0.1:${port}\r\nOrigin: null\r\n`), 403)
  assert.equal(await call(port, `Host: 127.0.0.1:${port}\r\nOrigin: http://127.0.0.1:${port + 1}\r\n`), 403)
  assert.equal(await call(port, 'Host: rebound.example\r\n'), 403)
  assert.equal(await call(port, 'Host: rebound.example\r\nOrigin: http://rebound.example\r\n'), 403)
  assert.equal(await call(socket, 'Host: map.example.com\r\nOrigin: https://evil.example\r\n'), 403)
  assert.deepEqual(daemon.asked, [])
  assert.match(log.join('\n'), /warn refused \/RPC2: Host rebound\.example is no name of this machine/)
  const welcome = [
    '',
    'Host:\r\n',
    `Host: localhost:${port}\r\n`,
    `Host: LOCALHOST:${port}\r\nOrigin: http://localhost:${port}\r\n`,
    `Host: ${hostname()}:${port}\r\n`,
    'Host: [::1]:9001\r\n',
    'Host: 10.1.2.3\r\nOrigin: http://10.1.2.3:80\r\n',
  ]
  for (const headers of welcome) assert.equal(await call(port, headers), 200, headers)
  assert.equal(await call(socket, 'Host: map.example.com\r\nOrigin: https://map.example.com\r\n'), 200)
})

test('verbs, paths and bodies that are wrong get their status', async (t) => {
  const { port } = await serve(t)
  const expected: readonly (readonly [string, number])[] = [
    [get('/RPC2'), 400],
    [get('/nope'), 404],
    [get('/images/icon.png'), 404],
    [get('/../../etc/passwd'), 404],
    [get('/%2e%2e/%2e%2e/etc/passwd'), 404],
    [get('/%ff%00'), 404],
    [get('/constructor'), 404],
    [get('/logtail'), 404],
    [get('/logtail/nope'), 404],
    [get('/logtail/cat/stdin'), 404],
    [get('/logtail/cat/stdout/x'), 404],
    [get('/logtailx/cat'), 404],
    [get('/logtail/cat').replace('GET', 'HEAD'), 400],
    [get('/').replace('GET', 'DELETE'), 400],
    [get('/nope').replace('GET', 'HEAD'), 404],
    [get('//index.html'), 200],
    ['POST /RPC2 HTTP/1.1\r\nConnection: close\r\n\r\n', 411],
    ['POST /RPC2 HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n', 400],
    ['POST /RPC2 HTTP/1.1\r\nConnection: close\r\nContent-Length: 99999999\r\n\r\n', 413],
    ['POST /RPC2 HTTP/1.1\r\nConnection: close\r\nContent-Length: 3\r\n\r\n<x>', 400],
    ['POST /nope HTTP/1.1\r\nConnection: close\r\nContent-Length: 3\r\n\r\n<x>', 400],
    ['\r\nnonsense\r\n\r\n', 400],
    [`GET / HTTP/1.1\r\nX: ${'y'.repeat(20_000)}\r\n\r\n`, 431],
    ['GET / HTTP/1.1\r\nHost: a\r\nHost : b\r\n\r\n', 400],
    ['POST /RPC2 HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n', 400],
  ]
  for (const [request, wanted] of expected) assert.equal(await status(t, port, request), wanted, request.slice(0, 80))
})

test('HTTP/1.0 and 1.1, connections that are kept, chunked bodies', async (t) => {
  const { port, socket } = await serve(t)
  const old = await exchange(t, port, 'GET /ok.html HTTP/1.0\r\n\r\n')
  assert.match(old, /\r\nConnection: close\r\n(.*\r\n)*\r\nOK$/)
  const raw = await open(t, socket)
  const body = "<?xml version='1.0'?><methodCall><methodName>supervisor.getPID</methodName></methodCall>"
  const answers = (): number => raw.text().split('<int>4242</int>').length - 1
  raw.socket.write(`POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  await waitFor('the first answer', () => answers() === 1)
  raw.socket.write(
    `\r\nPOST /RPC2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
  )
  await waitFor('the second answer, to a chunked body', () => answers() === 2)
  raw.socket.write(`POST /RPC2 HTTP/1.0\r\nConnection: Keep-Alive\r\nContent-Length: ${body.length}\r\n\r\n${body}`)
  await waitFor('the third answer, to HTTP/1.0', () => answers() === 3)
  raw.socket.write('GET /nope HTTP/1.1\r\nConnection: close\r\n\r\n')
  await raw.ended
})

test('a log is streamed in chunks: first its end, then what is added, for as long as the client stays', async (t) => {
  const { daemon, port } = await serve(t)
  const log = daemon.children.get('multi:multi_00')?.stdout
  log?.append(`${'x'.repeat(3000)}END`)
  const raw = await open(t, port)
  raw.socket.write('GET /logtail/multi%3Amulti_00 HTTP/1.1\r\nHost:\r\n\r\n\r\n')
  await waitFor('the end of the log', () => raw.text().includes('END'))
  const [head = '', ...rest] = raw.text().split('\r\n\r\n')
  for (const line of [
    'Transfer-Encoding: chunked',
    'X-Accel-Buffering: no',
    'Content-Type: text/plain;charset=utf-8',
  ]) {
    assert.ok(head.includes(`\r\n${line}`), head)
  }
  assert.match(head, /\r\nLast-Modified: Thu, 01 Jan 1970 00:00:00 GMT/)
  assert.equal(rest.join(''), `400\r\n${'x'.repeat(1021)}END\r\n`)
  log?.append('more')
  await waitFor('what was added', () => raw.text().endsWith('4\r\nmore\r\n'))
  raw.socket.destroy()
  await waitFor('the follower to be closed', () => log?.followers === 0)
  const main = await open(t, port)
  main.socket.write('GET /mainlogtail HTTP/1.0\r\n\r\n')
  await waitFor('the main log', () => main.text().endsWith('\r\n\r\nmain log\n'))
})

test('a reader who does not read stops the reading of the log', async (t) => {
  const { daemon, port } = await serve(t)
  const piece = Buffer.alloc(64 * 1024, 'x')
  let pieces = 0
  let closed = false
  daemon.followLog = () => ({
    modifiedAt: 0,
    next: () => Promise.resolve(closed ? null : (pieces++, piece)),
    close: () => void (closed = true),
  })
  const raw = await open(t, port)
  raw.socket.pause()
  raw.socket.write('GET /logtail/cat HTTP/1.1\r\n\r\n')
  let seen: number[] = []
  await waitFor('the reading to stop', () => {
    seen = [...seen.slice(-5), pieces]
    return seen.length === 6 && seen.every((count) => count === pieces && count > 0)
  })
  const stoppedAt = pieces
  assert.ok(stoppedAt * piece.length < 32 * 1024 * 1024, `${stoppedAt} pieces`)
  raw.socket.resume()
  await waitFor('the reading to go on', () => pieces > stoppedAt)
  raw.socket.destroy()
  await waitFor('the follower to be closed', () => closed)
})
