// What a child prints, from the kernel to the engine with as little memory and as few copies as can be.
import net from 'node:net'
import tty from 'node:tty'
import { SpentPieces } from '../domain/stream/spent-pieces.ts'
import type { ChildOutput } from '../engine/ports.ts'

/** Node's own 64 KiB for every read, most of them nearly empty, would be the agent's largest source of garbage. */
const SLAB_BYTES = 1 << 20
const LEAST_READ = 128 * 1024
/** Keeps what follows from one read well under 10 ms. */
const MOST_READ = 256 * 1024
/** In front of the first read of a slab: for the beginning of a line that lies at the end of the slab before. */
const HEADROOM_BYTES = 64 * 1024

/** Of slabs; what is stored at once is given back at once. */
const SPENT_MAX = 32
const FREE_MAX = 16

/**
 * Memory that a pipe is read into, a large piece at a time: each read is put behind the one before it and handed on as a
 * view, so that a line which crosses the border of two reads lies in one piece.
 */
class Slab {
  /** So many bytes in front of what was taken last are nobody's. */
  headroom = 0
  #bytes = Buffer.alloc(0)
  #used = 0
  readonly #spent = new SpentPieces<Buffer<ArrayBuffer>>({ bytes: SLAB_BYTES, spentMax: SPENT_MAX, freeMax: FREE_MAX })

  /** Where the next read goes. */
  room(): Buffer {
    if (this.#bytes.length - this.#used < LEAST_READ) {
      this.#spent.add(this.#bytes)
      this.#bytes = this.#spent.take() ?? Buffer.allocUnsafeSlow(SLAB_BYTES)
      this.#used = HEADROOM_BYTES
    }
    return this.#bytes.subarray(this.#used, this.#used + MOST_READ)
  }

  /** What a read of `count` bytes brought. */
  taken(count: number): Buffer {
    const from = this.#used
    this.#used += count
    this.headroom = from === HEADROOM_BYTES ? HEADROOM_BYTES : 0
    return this.#bytes.subarray(from, this.#used)
  }

  /** Nobody has a view any more of what was read before `view`. */
  release(view: Uint8Array): void {
    this.#spent.release(view, this.#bytes)
  }
}

/** Node's `onread`: where each read goes, and who is told of it. */
type OnRead = net.OnReadOpts

/** Stdout of a child from a pipe of ours. `unreadBytes` asks the kernel, and is called only while the pipe is open. */
export const pipeOutput = (fd: number, unreadBytes: () => number): ChildOutput =>
  slabOutput((onread) => new net.Socket({ fd, readable: true, writable: false, onread }), unreadBytes)

/** The same from our side of a terminal, whose end is a read error. */
export const terminalOutput = (fd: number, unreadBytes: () => number): ChildOutput =>
  slabOutput((onread) => new tty.ReadStream(fd, { readable: true, writable: false, onread }), unreadBytes)

type Receive = (chunk: Uint8Array, headroom?: number) => void

function slabOutput(open: (onread: OnRead) => net.Socket, unreadBytes: () => number): ChildOutput {
  const slab = new Slab()
  let receive: Receive | null = null
  const socket = open({
    buffer: () => slab.room(),
    callback(count) {
      receive?.(slab.taken(count), slab.headroom)
      return true
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
  receive: (data: Receive) => void,
): ChildOutput {
  let over = false
  return {
    listen(listener) {
      const end = (): void => {
        if (over) return
        over = true
        listener.end()
      }
      receive((chunk, headroom) => listener.data(chunk, headroom))
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
