import { createSocket } from 'node:dgram'
import { once, type EventEmitter } from 'node:events'
import { closeSync, mkdirSync, openSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

const HOST = '127.0.0.1'
// Below the kernel's range for outgoing connections, so that none of those takes a port between look and use.
const FIRST = 20_000
const LAST = 32_000

/** A file for each port that a process was given and may not have bound yet: no other process is given it. */
const GIVEN = join(tmpdir(), 'pidpiper-test-ports')
/** Ms after which a file says nothing any more: whoever was killed left its own behind. */
const STALE = 30 * 60_000
const given = new Set<string>()
process.on('exit', () => {
  for (const file of given) rmSync(file, { force: true })
})

/** A TCP port on 127.0.0.1 that nobody listens on. */
export const freePort = (): Promise<number> => freePorts(1)

/** The first of `count` consecutive ports that are free on 127.0.0.1, for TCP and for UDP. */
export async function freePorts(count: number): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const first = FIRST + Math.floor(Math.random() * (LAST - FIRST - count))
    const block = Array.from({ length: count }, (_, index) => first + index)
    if (block.every(isMine) && (await Promise.all(block.map(isFree))).every(Boolean)) return first
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

/** From now on. */
function isMine(port: number): boolean {
  const file = join(GIVEN, String(port))
  try {
    mkdirSync(GIVEN, { recursive: true })
    closeSync(openSync(file, 'wx'))
    given.add(file)
    return true
  } catch (error) {
    // Where no file can be written nobody is kept from a port.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return true
  }
  const age = Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Date.now())
  if (age > STALE) rmSync(file, { force: true })
  return false
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
