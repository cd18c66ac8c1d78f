// What nobody means well by: whatever comes in, the server answers or ends the connection, and serves the next one.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { encodeCall } from '../../../../src/wire/xmlrpc/encode.ts'
import { waitFor } from '../../../support/wait-for.ts'
import { serve, type Serving } from '../serving.ts'
import { exchange, get, open, post, statusOf } from './raw.ts'
import { signatures } from './signatures.ts'

async function alive(t: TestContext, { port, log }: Serving): Promise<void> {
  assert.equal(statusOf(await exchange(t, port, get('/ok.html'))), 200)
  assert.deepEqual(
    log.filter((line) => line.startsWith('critical') && !line.includes('without any HTTP authentication')),
    [],
  )
}

test('mutated calls over one connection', async (t) => {
  const serving = await serve(t)
  const body = encodeCall('supervisor.signalProcess', ['cat', 'HUP'])
  const junk = fc.constantFrom(
    '',
    '<',
    '>',
    '&',
    '<value>',
    '</value>',
    '\0',
    ']]>',
    '<!--',
    '<struct>',
    '💥',
    '<int>1</int>',
  )
  const edit = fc.tuple(fc.nat(body.length), fc.nat(8), junk)
  await fc.assert(
    fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 4 }), async (edits) => {
      const mutated = edits.reduce((text, [at, cut, put]) => text.slice(0, at) + put + text.slice(at + cut), body)
      const response = await fetch(`${serving.url}/RPC2`, { method: 'POST', body: mutated })
      await response.text()
      assert.ok([200, 400].includes(response.status), `${response.status}`)
    }),
    { numRuns: 60 },
  )
  await alive(t, serving)
})

test('every method with arguments of every kind', async (t) => {
  const serving = await serve(t)
  const odd = [null, true, -1, 2 ** 40, 0.5, '', 'cat:*', '../x', new Uint8Array(3), [], [[]], {}, { methodName: 'x' }]
  const calls = Object.keys(signatures).filter((name) => !/\.(shutdown|restart)$/.test(name))
  for (const methodName of calls) {
    const params = odd.flatMap((first) => [[first], [first, 'x'], ['cat', first], ['cat', 0, first]])
    const body = encodeCall('system.multicall', [params.map((given) => ({ methodName, params: given }))])
    const response = await fetch(`${serving.url}/RPC2`, { method: 'POST', body })
    const answer = await response.text()
    assert.equal(response.status, 200, methodName)
    assert.ok(!answer.includes('TypeError'), `${methodName}: ${answer}`)
  }
  await alive(t, serving)
})

test('bytes that are no HTTP', async (t) => {
  const serving = await serve(t)
  const word = fc.constantFrom(
    'GET',
    'POST',
    ' ',
    '/',
    '/RPC2',
    '/logtail/',
    'HTTP/1.1',
    '\r\n',
    '\r\n\r\n',
    '\n',
    ':',
    '%',
    '%00',
    '?',
  )
  const header = fc.constantFrom(
    'Content-Length: 5\r\n',
    'Content-Length: -1\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Host: \x7f\r\n',
  )
  const bytes = fc
    .array(fc.oneof(word, header, fc.string({ unit: 'binary', maxLength: 8 })), { minLength: 1, maxLength: 12 })
    .map((parts) => `${parts.join('')}\r\n\r\n`)
  await fc.assert(
    fc.asyncProperty(bytes, async (request) => {
      const raw = await open(t, serving.port)
      raw.socket.end(request)
      await raw.ended
      if (raw.text() !== '') assert.match(raw.text(), /^HTTP\/1\.1 \d{3} /)
    }),
    { numRuns: 60 },
  )
  await alive(t, serving)
})

test('a message cannot add headers to an answer, nor lines to the log', async (t) => {
  const serving = await serve(t)
  const name = encodeURIComponent('x\r\nSet-Cookie: a=b')
  const action = `POST /index.html?action=stop&processname=${name} HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`
  const answer = await exchange(t, serving.port, action)
  assert.equal(statusOf(answer), 301)
  assert.ok(!answer.includes('\r\nSet-Cookie'))
  await exchange(t, serving.port, post('no.such\nINFO forged line'))
  await exchange(t, serving.port, `POST /RPC2 HTTP/1.1\r\nConnection: close\r\nContent-Length: 9\r\n\r\n<a\n></b\n>`)
  assert.ok(serving.log.every((line) => !line.includes('\n')))
  await alive(t, serving)
})

test('slow and endless requests are ended in time, idle and listening clients are not', async (t) => {
  const limits = { headerTime: 1_000, requestTime: 2_000, checkTime: 50 }
  const serving = await serve(t, '', { limits })
  const listener = await open(t, serving.port)
  listener.socket.write('GET /ok.html HTTP/1.1\r\n\r\n')
  const tail = await open(t, serving.port)
  tail.socket.write('GET /mainlogtail HTTP/1.1\r\nHost:\r\n\r\n\r\n')
  await Promise.all([once(listener.socket, 'data'), once(tail.socket, 'data')])
  const silent = await open(t, serving.port)
  const slowHeader = await open(t, serving.port)
  slowHeader.socket.write('GET / HTTP/1.1\r\nX: ')
  const slowBody = await open(t, serving.port)
  slowBody.socket.write('POST /RPC2 HTTP/1.1\r\nContent-Length: 100\r\n\r\n<')
  const endless = await open(t, serving.port)
  endless.socket.write('POST /RPC2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n')
  const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
  const pour = setInterval(() => endless.socket.write(chunk), 1)
  t.after(() => clearInterval(pour))
  await Promise.all([silent.ended, slowHeader.ended, slowBody.ended, endless.ended])
  clearInterval(pour)
  assert.equal(statusOf(slowHeader.text()), 408)
  assert.equal(statusOf(endless.text()) || 413, 413)
  assert.ok(!tail.socket.closed)
  listener.socket.write('GET /nope HTTP/1.1\r\n\r\n')
  await waitFor('an answer on the connection that was idle', () => listener.text().includes(' 404 '))
  await alive(t, serving)
})

test('idle connections are kept, and make room for new ones, the longest idle first', async (t) => {
  const serving = await serve(t, '', { limits: { connections: 20, headerTime: 60_000, requestTime: 60_000 } })
  const stream = await open(t, serving.port)
  stream.socket.write('GET /mainlogtail HTTP/1.1\r\n\r\n')
  await once(stream.socket, 'data')
  const idle = await Promise.all(Array.from({ length: 40 }, () => open(t, serving.port)))
  await waitFor('the oldest to go', () => idle.filter(({ socket }) => socket.closed).length >= 21)
  assert.ok(!stream.socket.closed)
  const kept = idle.at(-1)
  kept?.socket.write('GET /ok.html HTTP/1.1\r\n\r\n')
  await waitFor('an answer on a connection that was idle', () => kept?.text().endsWith('OK'))
  await alive(t, serving)
})

test('a client that asks without end and waits for no answer', async (t) => {
  const serving = await serve(t)
  const held = Promise.withResolvers<undefined>()
  serving.daemon.pace = held.promise
  const raw = await open(t, serving.port)
  raw.socket.write(post('supervisor.startAllProcesses').replace('Connection: close\r\n', '').repeat(50))
  await raw.ended
  // Each call asks for it, since it never comes up.
  assert.equal(serving.daemon.asked.filter((what) => what.startsWith('start missing')).length, 16)
  held.resolve(undefined)
  await alive(t, serving)
})

test('a client that leaves in the middle of a call', async (t) => {
  const serving = await serve(t)
  const held = Promise.withResolvers<undefined>()
  serving.daemon.pace = held.promise
  const raw = await open(t, serving.port)
  raw.socket.write(post('supervisor.startProcess', ['cat']))
  await waitFor('the call', () => serving.daemon.asked.length === 1)
  // Others are served while it waits.
  assert.match(await exchange(t, serving.port, post('supervisor.getPID')), /<int>4242<\/int>/)
  raw.socket.destroy()
  await raw.ended
  held.resolve(undefined)
  await alive(t, serving)
})

test('a bug in a method is a 500, one line in the log, and the end of nothing', async (t) => {
  const serving = await serve(t)
  serving.daemon.reread = () => assert.fail('a bug')
  assert.equal(statusOf(await exchange(t, serving.port, post('supervisor.reloadConfig'))), 500)
  assert.match(serving.log.at(-1) ?? '', /^critical handling POST \/RPC2 failed: AssertionError.*a bug/)
  assert.match(await exchange(t, serving.port, post('supervisor.getPID')), /<int>4242<\/int>/)
})
