// The agent's ends of a child's pipes, as the ports of the engine. libuv reads and writes them without blocking.
import { closeSync, constants, openSync } from 'node:fs'
import net from 'node:net'
import type { ChildInput, ChildOutput } from '../engine/ports.ts'
import type { Libc } from './libc.ts'

/** The kernel's limit for unprivileged processes by default; a refusal leaves the 64 KiB it starts with. */
const wideBytes = 1 << 20

export interface Pipe {
  readonly read: number
  readonly write: number
}

/** A real pipe, as wide as the kernel allows when `wide`. */
export function openPipe(libc: Libc, wide: boolean): Pipe {
  const pipe = libc.pipe()
  if (wide) libc.widen(pipe.write, wideBytes)
  return pipe
}

export const readingEnd = (fd: number): net.Socket => new net.Socket({ fd, readable: true, writable: false })
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

/** Node's own 64 KiB for every read, most of them nearly empty, would be the agent's largest source of garbage. */
const slabBytes = 1 << 20
const leastRead = 128 * 1024
/** Keeps what follows from one read well under 10 ms. */
const mostRead = 256 * 1024

/** Slabs that wait for their release; beyond that the oldest is left to the collector. */
const retiredMax = 32
/** Slabs that wait for their use. */
const freeMax = 4

/**
 * Memory that a pipe is read into, a large piece at a time: each read is put behind the one before it and handed on as a
 * view, so that a line which crosses the border of two reads lies in one piece.
 */
class Slab {
  #bytes = Buffer.alloc(0)
  #used = 0
  /** Full ones, oldest first, of which views may be about. */
  #retired: Buffer<ArrayBuffer>[] = []
  readonly #free: Buffer<ArrayBuffer>[] = []

  /** Where the next read goes. */
  room(): Buffer {
    if (this.#bytes.length - this.#used < leastRead) {
      this.#retired.push(this.#bytes)
      if (this.#retired.length > retiredMax) this.#retired.shift()
      this.#bytes = this.#free.pop() ?? Buffer.allocUnsafeSlow(slabBytes)
      this.#used = 0
    }
    return this.#bytes.subarray(this.#used, this.#used + mostRead)
  }

  /** What a read of `count` bytes brought. */
  taken(count: number): Buffer {
    const from = this.#used
    this.#used += count
    return this.#bytes.subarray(from, this.#used)
  }

  /** Nobody has a view any more of what was read before `view`. */
  release({ buffer }: Uint8Array): void {
    const older = this.#bytes.buffer === buffer ? this.#retired.length : this.#indexOf(buffer)
    for (const slab of this.#retired.splice(0, Math.max(0, older))) {
      if (slab.length === slabBytes && this.#free.length < freeMax) this.#free.push(slab)
    }
  }

  #indexOf(memory: ArrayBufferLike): number {
    return this.#retired.findIndex(({ buffer }) => buffer === memory)
  }
}

/** Stdout of a child from a pipe of ours. `unreadBytes` asks the kernel, and is called only while the pipe is open. */
export function pipeOutput(fd: number, unreadBytes: () => number): ChildOutput {
  const slab = new Slab()
  let receive: ((chunk: Uint8Array) => void) | null = null
  const socket = new net.Socket({
    fd,
    readable: true,
    writable: false,
    onread: {
      buffer: () => slab.room(),
      callback(count) {
        receive?.(slab.taken(count))
        return true
      },
    },
  })
  // Node begins to read at once; nobody listens yet.
  socket.pause()
  const output = outputOf(socket, unreadBytes, (data) => {
    receive = data
    socket.resume()
  })
  return { ...output, release: (view) => slab.release(view) }
}

/** Stdout of a child where Node keeps the descriptor to itself. */
export const socketOutput = (socket: net.Socket): ChildOutput =>
  outputOf(socket, null, (data) => void socket.on('data', (chunk: Buffer) => data(chunk)))

function outputOf(
  socket: net.Socket,
  unreadBytes: (() => number) | null,
  receive: (data: (chunk: Uint8Array) => void) => void,
): ChildOutput {
  let over = false
  return {
    listen(listener) {
      const end = (): void => {
        if (over) return
        over = true
        listener.end()
      }
      receive((chunk) => listener.data(chunk))
      socket.on('end', end)
      // A read error is followed by 'close' alone: for the receiver it is the end of what can be read.
      socket.on('error', () => undefined)
      socket.on('close', end)
    },
    unread: () => (unreadBytes === null ? null : socket.destroyed || socket.readableEnded ? 0 : unreadBytes()),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    destroy() {
      over = true
      socket.destroy()
    },
  }
}
