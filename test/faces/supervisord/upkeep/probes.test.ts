import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net'
import { test, type TestContext } from 'node:test'
import type { Probe } from '../../../../src/faces/supervisord/config/upkeep.ts'
import { look } from '../../../../src/faces/supervisord/upkeep/probes.ts'
import { freePort } from '../../../support/ports.ts'

async function listening(t: TestContext, server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  return (server.address() as AddressInfo).port
}

const ask = (probe: Probe, signal = new AbortController().signal): Promise<string | null> =>
  look(probe, { environment: {} }, () => assert.fail('no command'), signal)

test('HTTP: 200 to 399 is fit, however long the body; anything else is told', async (t) => {
  let connections = 0
  const server = createServer((request, response) => {
    const status = Number(request.url?.slice(1))
    if (status === 0) return
    response.writeHead(status)
    // A body without an end, where there may be one.
    if (status === 204) response.end()
    else response.write('x'.repeat(100_000))
  })
  server.on('connection', () => connections++)
  t.after(() => server.closeAllConnections())
  const port = await listening(t, server)
  const answers = [200, 204, 302, 404, 503].map((status) =>
    ask({ kind: 'http', url: `http://127.0.0.1:${port}/${status}` }),
  )
  assert.deepEqual(await Promise.all(answers), [null, null, null, 'HTTP status 404', 'HTTP status 503'])
  assert.equal(connections, 5)
  const controller = new AbortController()
  const silent = ask({ kind: 'http', url: `http://127.0.0.1:${port}/0` }, controller.signal)
  controller.abort()
  assert.equal(await silent, 'ABORT_ERR')
})

test('TCP: an address that can be connected to is fit', async (t) => {
  const port = await listening(
    t,
    createTcpServer((socket) => socket.destroy()),
  )
  assert.equal(await ask({ kind: 'tcp', host: '127.0.0.1', port }), null)
  const closed = await freePort()
  assert.equal(await ask({ kind: 'tcp', host: '127.0.0.1', port: closed }), 'ECONNREFUSED')
  assert.equal(await ask({ kind: 'http', url: `http://127.0.0.1:${closed}/` }), 'ECONNREFUSED')
})
