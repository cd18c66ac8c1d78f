// NOTIFY_SOCKET for one child: a datagram socket in a folder that only its user may enter. Node has no such sockets, but
// libuv reads whatever is behind the descriptor of a pipe.
import { closeSync, mkdtempSync, readSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import process from 'node:process'
import { AgentError, messageOf } from '../domain/errors.ts'
import type { Libc } from './libc.ts'
import { unixAddress } from './listening-socket.ts'
import { readingEnd } from './pipes.ts'

export interface NotifySocket {
  readonly path: string
  listen(listener: (datagram: string) => void): void
  /** Tells what is there still; the socket is gone afterwards. */
  finish(): void
}

const DATAGRAM_BYTES = 64 * 1024
/** What a dead child may have left: the kernel itself keeps no more than some hundred. */
const LEFT_MAX = 1000

/** Throws SPAWN_ERROR where no folder can hold it. */
export function openNotifySocket(libc: Libc, folders: readonly string[] = usualFolders()): NotifySocket {
  const failures: string[] = []
  for (const folder of folders) {
    try {
      return openIn(libc, folder)
    } catch (error) {
      failures.push(messageOf(error))
    }
  }
  throw new AgentError('SPAWN_ERROR', `CHILD_CONTROL=notify: cannot open a socket: ${failures.join('; ')}`)
}

function usualFolders(): string[] {
  const runtime = process.env['XDG_RUNTIME_DIR']
  return [...(runtime ? [runtime] : []), os.tmpdir(), '/run', '/dev/shm']
}

function openIn(libc: Libc, folder: string): NotifySocket {
  // Nobody else may enter it.
  const own = mkdtempSync(path.join(folder, 'pidpiper-'))
  const remove = (): void => rmSync(own, { recursive: true, force: true })
  const file = path.join(own, 'notify')
  let socket: ReturnType<typeof readingEnd>
  let fd: number
  try {
    const datagrams = libc.datagrams(unixAddress(file))
    try {
      const pipe = libc.pipe()
      fd = pipe.read
      socket = readingEnd(fd)
      closeSync(pipe.write)
      // The loop looks at the descriptor for the first time in its next turn.
      libc.duplicate(datagrams, fd)
    } finally {
      closeSync(datagrams)
    }
  } catch (error) {
    remove()
    throw error
  }
  let tell: (datagram: string) => void = () => undefined
  socket.on('data', (datagram: Buffer) => tell(datagram.toString()))
  // An empty datagram looks like an end: then nothing more is heard.
  socket.on('error', () => undefined)
  return {
    path: file,
    listen: (listener) => {
      tell = listener
    },
    finish() {
      for (let left = 0; left < LEFT_MAX && !socket.destroyed; left++) {
        const datagram = next(fd)
        if (datagram === null) break
        tell(datagram)
      }
      socket.destroy()
      remove()
    },
  }
}

/** null: there is none. */
function next(fd: number): string | null {
  const bytes = Buffer.allocUnsafe(DATAGRAM_BYTES)
  try {
    const count = readSync(fd, bytes)
    return count === 0 ? null : bytes.toString('utf8', 0, count)
  } catch {
    // EAGAIN: nothing else can be wrong with a socket of our own that nobody has to answer.
    return null
  }
}
