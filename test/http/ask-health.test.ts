import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { health } from '../../src/cli/health.ts'
import { HttpFace } from '../../src/http/server.ts'
import { freePort } from '../support/ports.ts'
import { aModel, aSnapshot, type Changes } from './a-snapshot.ts'

async function asked(port: number | null, ready = false, timeout = 20_000): Promise<[code: number, lines: string[]]> {
  const lines: string[] = []
  const listen = port === null ? null : { host: null, port }
  return [await health({ listen, ready, print: (line) => lines.push(line), timeout }), lines]
}

async function agentAt(t: TestContext, changes: Changes = {}): Promise<number> {
  const face = new HttpFace({
    model: aModel(() => aSnapshot(changes)),
    listen: { host: null, port: 0 },
    failed: () => undefined,
  })
  t.after(() => face.close())
  return face.listen()
}

async function foreignAt(t: TestContext, listener: RequestListener): Promise<number> {
  const server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

test('a live and ready agent is 0', async (t) => {
  const port = await agentAt(t)
  assert.deepEqual(await asked(port), [0, ['live']])
  assert.deepEqual(await asked(port, true), [0, ['ready']])
})

test('an agent that is not ready is 0, and 1 with --ready and the reasons', async (t) => {
  const port = await agentAt(t, { agent: { state: 'draining' }, process: { state: 'STOPPING' } })
  assert.deepEqual(await asked(port), [0, ['live']])
  assert.deepEqual(await asked(port, true), [1, ['not ready: agent: draining; calculator: STOPPING']])
})

test('nobody there, nobody to ask, somebody else, and no answer in time are 1', async (t) => {
  const [code, [line = '']] = await asked(await freePort())
  assert.equal(code, 1)
  assert.match(line, /^no answer from 127\.0\.0\.1:\d+\/livez: .*ECONNREFUSED/)
  assert.match(String(await asked(null)), /^1,not known: HTTP_LISTEN is off/)
  const foreign = await foreignAt(t, (_request, response) => response.writeHead(404).end('<html>'))
  assert.deepEqual(await asked(foreign), [1, ["/livez answered 404 in words that are not pidpiper's"]])
  const dripping = await foreignAt(t, (_request, response) => void response.writeHead(200).write('{'))
  assert.deepEqual(await asked(dripping, false, 200), [
    1,
    [`no answer from 127.0.0.1:${dripping}/livez: none within 200 ms`],
  ])
})
