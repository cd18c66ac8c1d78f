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

/** Somebody took the ports between the look and the use. */
export class PortTaken extends Error {
  override readonly name = 'PortTaken'
}

/** As `begin` has it for the first of `count` free ports; where that raises PortTaken, for others, four times at most. */
export async function atFreePorts<T>(
  count: number,
  begin: (first: number) => Promise<T>,
  pick: (count: number) => Promise<number> = freePorts,
): Promise<T> {
  for (let left = 4; ; left--) {
    const first = await pick(count)
    try {
      return await begin(first)
    } catch (error) {
      if (!(error instanceof PortTaken) || left === 0) throw error
    }
  }
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
