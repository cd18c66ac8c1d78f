// The agent's ends of a child's pipes, as the ports of the engine. libuv reads and writes them without blocking.
import { closeSync, constants, openSync } from 'node:fs'
import net from 'node:net'
import type { ChildInput } from '../engine/ports.ts'
import type { Libc } from './libc.ts'

/** The kernel's limit for unprivileged processes by default; a refusal leaves the 64 KiB it starts with. */
const WIDE_BYTES = 1 << 20

export interface Pipe {
  readonly read: number
  readonly write: number
}

/** A real pipe, as wide as the kernel allows when `wide`. */
export function openPipe(libc: Libc, wide: boolean): Pipe {
  const pipe = libc.pipe()
  if (wide) libc.widen(pipe.write, WIDE_BYTES)
  return pipe
}

/** Reads a descriptor that is ours from now on. */
export const readingEnd = (fd: number): net.Socket => new net.Socket({ fd, readable: true, writable: false })
/** Writes a descriptor that is ours from now on. */
export const writingEnd = (fd: number): net.Socket => new net.Socket({ fd, readable: false, writable: true })

/** What the spawner may do with a child's stdin besides writing. */
export interface OwnedInput extends ChildInput {
  /** Gives up: a pending write rejects, the descriptor is closed. */
  destroy(): void
}

/** Looks into a pipe. `reader` is a reading end of our own, opened when the writing end is about to be closed. */
export interface PipeGauge {
  /** Bytes in the pipe, seen from either end. */
  unread(fd: number): number
  readerless(fd: number): boolean
  readonly writer: number
}

/**
 * Stdin of a child. With a gauge it also tells how much the child left unread, even after `end` and after its death: an
 * exit 0 means that everything was worked off only if nothing was left. A write rejects with EPIPE when nobody can read
 * any more.
 */
export function childInput(socket: net.Socket, gauge: PipeGauge | null): OwnedInput {
  // Every failed write rejects its own promise; without a listener Node would also throw the error globally.
  socket.on('error', () => undefined)
  let reader: number | null = null
  let left: number | null = null
  const unread = (): number | null => {
    if (left !== null || gauge === null) return left
    if (reader !== null) return gauge.unread(reader) + socket.writableLength
    return socket.destroyed || socket.closed ? null : gauge.unread(gauge.writer)
  }
  return {
    write: (...pieces) =>
      new Promise((resolve, reject) => {
        // Corked, all pieces are one writev.
        if (pieces.length > 1) socket.cork()
        pieces.forEach((piece, index) => {
          if (index < pieces.length - 1) socket.write(piece)
          else
            socket.write(piece, (error) => {
              if (error) reject(error)
              else resolve()
            })
        })
        if (pieces.length > 1) socket.uncork()
      }),
    end() {
      if (gauge !== null && reader === null && !socket.destroyed) reader = openReader(gauge.writer)
      socket.end()
    },
    unread,
    // A reading end of our own would hide it.
    closed: () =>
      gauge !== null && reader === null && !socket.destroyed && !socket.closed && gauge.readerless(gauge.writer),
    destroy() {
      left = unread()
      if (reader !== null) closeSync(reader)
      reader = null
      socket.destroy()
    },
  }
}

/** A reading end of the pipe behind `writer`; null where /proc is hidden, and then nothing is known after the end. */
function openReader(writer: number): number | null {
  try {
    return openSync(`/proc/self/fd/${writer}`, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch {
    return null
  }
}
