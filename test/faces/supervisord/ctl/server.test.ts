// The HTTP edge against servers that do as they like.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { systemCode } from '../../../../src/domain/errors.ts'
import { BadAnswer, HttpRefusal, RpcFault } from '../../../../src/faces/supervisord/ctl/faults.ts'
import { connect, type Target } from '../../../../src/faces/supervisord/ctl/server.ts'
import { encodeFault, encodeResponse } from '../../../../src/wire/xmlrpc/encode.ts'
import { freePort } from '../../../support/ports.ts'
import { tempDir } from '../../../support/temp.ts'

const nobody = { username: null, password: null }

async function serve(t: TestContext, listen: string | number, handle: RequestListener): Promise<void> {
  const server = createServer(handle)
  if (typeof listen === 'string') server.listen(listen)
  else server.listen(listen, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
}

function client(t: TestContext, target: Target): ReturnType<typeof connect> {
  const server = connect(target)
  t.after(() => server.close())
  return server
}

test('questions over TCP and over a unix socket, with a name and a password', async (t) => {
  const port = await freePort()
  const socket = join(tempDir(t), 'sock')
  const seen: unknown[] = []
  for (const listen of [port, socket]) {
    await serve(t, listen, (request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        seen.push([request.method, request.url, request.headers.authorization, /<methodName>(.*)</.exec(body)?.[1]])
        response.end(encodeResponse('blåbær'))
      })
    })
  }
  const expected = ['POST', '/RPC2', 'Basic bWU6aXTDuA==', 'supervisor.getState']
  for (const serverurl of [`http://127.0.0.1:${port}`, `unix://${socket}`]) {
    const server = client(t, { serverurl, username: 'me', password: 'itø' })
    assert.equal(await server.call('supervisor.getState', []), 'blåbær')
  }
  assert.deepEqual(seen, [expected, expected])
})

test('faults, statuses, nonsense, and nobody there', async (t) => {
  const socket = join(tempDir(t), 'sock')
  const answers: Record<string, RequestListener> = {
    fault: (_, response) => response.end(encodeFault(10, 'BAD_NAME: x')),
    refusal: (_, response) => response.writeHead(401).end(),
    nonsense: (_, response) => response.end('<html>'),
    silence: (request) => request.socket.destroy(),
  }
  await serve(t, socket, (request, response) => {
    let body = ''
    request.on('data', (chunk: Buffer) => (body += chunk.toString()))
    request.on('end', () => answers[/<methodName>(.*)</.exec(body)?.[1] ?? '']?.(request, response))
  })
  const server = client(t, { serverurl: `unix://${socket}`, ...nobody })
  const failure = async (method: string): Promise<unknown> => server.call(method, []).catch((error: unknown) => error)
  const fault = await failure('fault')
  assert.ok(fault instanceof RpcFault && fault.code === 10 && fault.text === 'BAD_NAME: x')
  const refusal = await failure('refusal')
  assert.ok(refusal instanceof HttpRefusal && refusal.status === 401)
  assert.ok((await failure('nonsense')) instanceof BadAnswer)
  assert.equal(systemCode(await failure('silence')), 'ECONNRESET')

  const away = client(t, { serverurl: `unix://${socket}.not`, ...nobody })
  assert.equal(systemCode(await away.call('x', []).catch((error: unknown) => error)), 'ENOENT')
  const closed = client(t, { serverurl: `http://127.0.0.1:${await freePort()}`, ...nobody })
  assert.equal(systemCode(await closed.call('x', []).catch((error: unknown) => error)), 'ECONNREFUSED')
  assert.throws(() => connect({ serverurl: 'gopher://x', ...nobody }), /Unknown protocol for serverurl gopher:\/\/x/)
})

test('a log is followed byte for byte, until the server ends it or we do', async (t) => {
  const socket = join(tempDir(t), 'sock')
  const odd = Buffer.from([0x88, 0x0a, 0xc3])
  await serve(t, socket, (request, response) => {
    if (request.url === '/logtail/r%C3%B8d:x/stdout') {
      response.write(odd)
      response.end(odd)
    } else if (request.url === '/mainlogtail') response.write('first\n')
    else response.writeHead(404).end()
  })
  const server = client(t, { serverurl: `unix://${socket}`, ...nobody })
  const chunks: Uint8Array[] = []
  await server.follow('/logtail/rød:x/stdout', (bytes) => chunks.push(bytes), new AbortController().signal)
  assert.deepEqual(Buffer.concat(chunks), Buffer.concat([odd, odd]))

  const stop = new AbortController()
  const following = server.follow('/mainlogtail', () => stop.abort(), stop.signal)
  await assert.rejects(following)
  await assert.rejects(
    server.follow('/nosuch', () => undefined, new AbortController().signal),
    HttpRefusal,
  )
})
