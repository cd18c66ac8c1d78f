// Requests as bytes, for what no HTTP client would send.
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { encodeCall } from '../../../../src/wire/xmlrpc/encode.ts'
import type { XmlRpcValue } from '../../../../src/wire/xmlrpc/values.ts'

export interface Raw {
  readonly socket: Socket
  /** What has come so far. */
  text(): string
  readonly ended: Promise<unknown>
}

/** A connection to a port or the path of a unix socket. */
export async function open(t: TestContext, where: number | string): Promise<Raw> {
  const socket = typeof where === 'string' ? connect(where) : connect(where, '127.0.0.1')
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  // A connection that is cut off is what some tests look for.
  socket.on('error', () => undefined)
  t.after(() => socket.destroy())
  const ended = new Promise((resolve) => socket.once('close', resolve))
  await once(socket, 'connect')
  return { socket, text: () => Buffer.concat(chunks).toString(), ended }
}

/** Sends bytes, and gives all that comes until the server ends the connection. */
export async function exchange(t: TestContext, where: number | string, bytes: string | Uint8Array): Promise<string> {
  const raw = await open(t, where)
  raw.socket.write(bytes)
  await raw.ended
  return raw.text()
}

/** A call as a request that ends its connection. */
export function post(method: string, params: readonly XmlRpcValue[] = [], headers = ''): string {
  const body = encodeCall(method, params)
  return `POST /RPC2 HTTP/1.1\r\nConnection: close\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`
}

export const get = (path: string, headers = ''): string => `GET ${path} HTTP/1.1\r\nConnection: close\r\n${headers}\r\n`

export const statusOf = (answer: string): number => Number(/^HTTP\/1\.1 (\d+) /.exec(answer)?.[1] ?? 0)
