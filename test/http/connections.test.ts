import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { test } from 'node:test'
import { limitConnections } from '../../src/http/connections.ts'

test('connections that ask nothing make room, the one that is being answered stays', async (t) => {
  const waiting = Promise.withResolvers<() => void>()
  const server = createServer((request, response) => {
    if (request.url === '/slow') waiting.resolve(() => response.end('late'))
    else response.end('now')
  })
  limitConnections(server, 3)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const { port } = server.address() as AddressInfo
  const open = async (): Promise<Socket> => {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => undefined)
    t.after(() => socket.destroy())
    await once(socket, 'connect')
    return socket
  }
  const asking = await open()
  asking.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n')
  const answer = await waiting.promise
  const silent = await open()
  const gone = once(silent, 'close')
  await open()
  await open()
  await gone
  assert.equal(await (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text(), 'now')
  answer()
  const [chunk] = (await once(asking, 'data')) as [Buffer]
  assert.match(chunk.toString(), /late$/)
})
