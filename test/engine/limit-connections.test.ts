import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { limitConnections, type ConnectionLimits } from '../../src/engine/limit-connections.ts'
import { waitFor } from '../support/wait-for.ts'

/** Listens, and gives a way to connect. */
async function serve(t: TestContext, limits: ConnectionLimits, answer: RequestListener) {
  const server = createServer()
  limitConnections(server, limits, answer)
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
  const ask = async (): Promise<string> =>
    (await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } })).text()
  return { open, ask }
}

/** However it ends: `once` would reject with an error that comes before. */
const closed = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once('close', () => resolve()))

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`

test('connections that ask nothing make room, the one that is being answered stays', async (t) => {
  const waiting = Promise.withResolvers<() => void>()
  const { open, ask } = await serve(t, { connections: 3, ahead: 4, whenBusy: 'oldest' }, (request, response) => {
    if (request.url === '/slow') waiting.resolve(() => response.end('late'))
    else response.end('now')
  })
  const asking = await open()
  asking.write(get('/slow'))
  const answer = await waiting.promise
  const silent = await open()
  const gone = closed(silent)
  await open()
  await open()
  await gone
  assert.equal(await ask(), 'now')
  answer()
  const [chunk] = (await once(asking, 'data')) as [Buffer]
  assert.match(chunk.toString(), /late$/)
})

test('where every connection waits for an answer, the oldest makes room', async (t) => {
  let waiting = 0
  const { open, ask } = await serve(t, { connections: 3, ahead: 4, whenBusy: 'oldest' }, (request, response) => {
    if (request.url === '/never') waiting++
    else response.end('now')
  })
  const oldest = await open()
  const gone = closed(oldest)
  for (const socket of [oldest, await open(), await open()]) socket.write(get('/never'))
  await waitFor('three that wait', () => waiting === 3)
  assert.equal(await ask(), 'now')
  await gone
})

test('or the new one does, where what is being answered lasts for hours', async (t) => {
  const answers: (() => void)[] = []
  const { open } = await serve(t, { connections: 3, ahead: 4, whenBusy: 'newest' }, (_request, response) => {
    answers.push(() => response.end('late'))
  })
  const asking = [await open(), await open(), await open()]
  for (const socket of asking) socket.write(get('/follow'))
  await waitFor('three that wait', () => answers.length === 3)
  await closed(await open())
  for (const answer of answers) answer()
  for (const socket of asking) assert.match(String((await once(socket, 'data'))[0]), /late$/)
})

test('a hundred requests in one piece: those too far ahead of the answers are not answered, and end the connection', async (t) => {
  let served = 0
  const { open, ask } = await serve(t, { connections: 3, ahead: 4, whenBusy: 'oldest' }, (request, response) => {
    if (request.url === '/late') served++
    else response.end('now')
  })
  const hasty = await open()
  const gone = closed(hasty)
  hasty.write(get('/late').repeat(100))
  await gone
  assert.equal(served, 4)
  assert.equal(await ask(), 'now')
})

test('requests that wait for their answers go on and on over one connection', async (t) => {
  const { open } = await serve(t, { connections: 3, ahead: 1, whenBusy: 'oldest' }, (_request, response) =>
    response.end('now'),
  )
  const patient = await open()
  for (let asked = 0; asked < 10; asked++) {
    patient.write(get('/'))
    const [chunk] = (await once(patient, 'data')) as [Buffer]
    assert.match(chunk.toString(), /now$/)
  }
})
