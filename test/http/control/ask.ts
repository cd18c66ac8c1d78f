// An HTTP face of its own with control behind a gate, and a client that sends what it is told to.
import { once } from 'node:events'
import { connect } from 'node:net'
import type { TestContext } from 'node:test'
import { sendAnswer } from '../../../src/http/answer.ts'
import { Gate, type GateOptions } from '../../../src/http/control/gate.ts'
import { Rest, type Deeds } from '../../../src/http/control/rest.ts'
import { HttpFace } from '../../../src/http/server.ts'
import { aModel, aSnapshot } from '../a-snapshot.ts'

export const keys = { token: 'operator-token-1', readToken: 'reader-token-1', login: { user: 'me', password: 'pass' } }
export const operator = { Authorization: `Bearer ${keys.token}` }
export const reader = { Authorization: `Bearer ${keys.readToken}` }

export interface Scene {
  readonly port: number
  /** Orders that arrived, as `start calculator`. */
  readonly orders: string[]
  readonly refusals: string[]
  readonly ask: (
    path: string,
    options?: { method?: string; headers?: Record<string, string>; body?: string },
  ) => Promise<{ status: number; headers: Headers; body: unknown }>
}

export async function controlled(
  t: TestContext,
  { deeds = {}, ...gate }: Partial<GateOptions> & { readonly deeds?: Partial<Deeds> } = {},
): Promise<Scene> {
  const orders: string[] = []
  const refusals: string[] = []
  const model = aModel(() => aSnapshot())
  const noted: Deeds = {
    start: (name) => Promise.resolve(void orders.push(`start ${name}`)),
    stop: (name) => Promise.resolve(void orders.push(`stop ${name}`)),
    signal: (name, signal) => void orders.push(`signal ${name} ${signal}`),
    reload: () => void orders.push('reload'),
    shutdown: () => void orders.push('shutdown'),
    ...deeds,
  }
  const rest = new Rest({ model, deeds: () => noted })
  const guard = new Gate({
    keys,
    now: () => 0,
    refused: (level, text) => void refusals.push(`${level} ${text}`),
    ...gate,
  })
  const face = new HttpFace({
    model,
    listen: { host: '127.0.0.1', port: 0 },
    failed: (error) => void refusals.push(String(error)),
    control: () => async (request, response) => {
      const role = guard.admit(request)
      if (typeof role === 'string') await rest.handle(request, response, role)
      else sendAnswer(response, role)
    },
  })
  const port = await face.listen()
  t.after(() => face.close())
  return {
    port,
    orders,
    refusals,
    async ask(path, options = {}) {
      const got = await fetch(`http://127.0.0.1:${port}${path}`, options)
      const text = await got.text()
      return { status: got.status, headers: got.headers, body: text === '' ? null : JSON.parse(text) }
    },
  }
}

/** Sends raw bytes and gives the first line that comes back. */
export async function firstLine(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString('latin1')))
  socket.on('error', () => undefined)
  socket.write(text)
  await once(socket, 'close')
  return answer.split('\r\n')[0] ?? ''
}
