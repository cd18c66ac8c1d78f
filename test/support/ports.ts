import { createSocket } from 'node:dgram'
import { once, type EventEmitter } from 'node:events'
import { createServer } from 'node:net'

const HOST = '127.0.0.1'
// Below the kernel's range for outgoing connections, so that none of those takes a port between look and use.
const FIRST = 20_000
const LAST = 32_000

/** A TCP port on 127.0.0.1 that nobody listens on. */
export const freePort = (): Promise<number> => freePorts(1)

/** The first of `count` consecutive ports that are free on 127.0.0.1, for TCP and for UDP. */
export async function freePorts(count: number): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const first = FIRST + Math.floor(Math.random() * (LAST - FIRST - count))
    const block = Array.from({ length: count }, (_, index) => first + index)
    if ((await Promise.all(block.map(isFree))).every(Boolean)) return first
  }
  throw new Error(`cannot find ${count} consecutive free ports on 127.0.0.1: end what listens there`)
}

async function isFree(port: number): Promise<boolean> {
  return (await opens(createServer().listen(port, HOST))) && (await opens(createSocket('udp4').bind(port, HOST)))
}

async function opens(socket: EventEmitter & { close(): unknown }): Promise<boolean> {
  try {
    await once(socket, 'listening')
  } catch {
    return false
  }
  socket.close()
  await once(socket, 'close')
  return true
}
