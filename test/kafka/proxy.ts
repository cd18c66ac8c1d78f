// A wire between us and the broker that sees whole requests, and breaks where a test says so.
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import type { ISocketFactory } from 'kafkajs'
import { brokerAddress } from '../support/kafka.ts'

/**
 * - `pass`;
 * - `lose-request`: cut before the broker sees it;
 * - `cut-inside`: cut in the middle of the request;
 * - `lose-answer`: the broker does what is asked, and the connection is cut when it answers;
 * - `hold-answer`: as a request that is parked at the broker: nothing comes back on this connection any more.
 */
export type Fate = 'pass' | 'lose-request' | 'cut-inside' | 'lose-answer' | 'hold-answer'

export interface Proxied {
  readonly apiKey: number
  readonly apiVersion: number
  readonly frame: Buffer
}

export interface Proxy {
  readonly socketFactory: ISocketFactory
  /** Asked for each request. */
  fate: (request: Proxied) => Fate
  /**
   * What is answered in the broker's place, which never sees the request: everything after the correlation id. Nothing
   * else may be under way on the connection.
   */
  instead: (request: Proxied) => Buffer | null
  /** Every chunk of the broker passes here. */
  answer: (chunk: Buffer) => Buffer
}

export async function startProxy(t: TestContext): Promise<Proxy> {
  const [host, port] = brokerAddress().split(':')
  const open = new Set<Socket>()
  const server = createServer((near) => {
    const far = connect(Number(port), host)
    let lost = false
    let held = false
    const cut = (): void => {
      near.destroy()
      far.destroy()
    }
    for (const socket of [near, far]) {
      open.add(socket)
      socket.on('close', () => {
        open.delete(socket)
        cut()
      })
      socket.on('error', cut)
    }
    far.on('data', (chunk) => {
      if (lost) cut()
      else if (!held) near.write(proxy.answer(chunk))
    })
    let kept = Buffer.alloc(0)
    near.on('data', (chunk) => {
      kept = Buffer.concat([kept, chunk])
      while (kept.length >= 4 && kept.length >= 4 + kept.readInt32BE()) {
        const frame = kept.subarray(0, 4 + kept.readInt32BE())
        kept = kept.subarray(frame.length)
        const request = { apiKey: frame.readInt16BE(4), apiVersion: frame.readInt16BE(6), frame }
        const answer = proxy.instead(request)
        if (answer) {
          near.write(answerTo(frame, answer))
          continue
        }
        const fate = proxy.fate(request)
        if (fate === 'lose-request') {
          cut()
          return
        }
        if (fate === 'cut-inside') far.write(frame.subarray(0, frame.length >> 1), cut)
        else far.write(frame)
        if (fate === 'lose-answer') lost = true
        if (fate === 'hold-answer') held = true
      }
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  const { port: ours } = server.address() as AddressInfo
  const proxy: Proxy = {
    socketFactory: ({ onConnect }) => connect({ host: '127.0.0.1', port: ours }, onConnect),
    fate: () => 'pass',
    instead: () => null,
    answer: (chunk) => chunk,
  }
  return proxy
}

/** With size and correlation id. */
function answerTo(frame: Buffer, body: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeInt32BE(4 + body.length)
  frame.copy(head, 4, 8, 12)
  return Buffer.concat([head, body])
}
