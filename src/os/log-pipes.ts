// The pipes of a child whose output is written to logs: read into one buffer that all of them share.
import { closeSync } from 'node:fs'
import net from 'node:net'
import type { ChildProcess } from 'node:child_process'
import { finished, type Readable } from 'node:stream'
import type { ChildOutput } from '../engine/ports.ts'
import { readLastWords } from './last-words.ts'
import type { Libc } from './libc.ts'
import { socketOutput } from './pipe-output.ts'
import { childInput, writingEnd, type OwnedInput } from './pipes.ts'
import { ReadPace } from './read-pace.ts'

/** Reads are synchronous, and their bytes are used up before the next: one buffer is enough for all children. */
const shared = Buffer.allocUnsafeSlow(256 * 1024)
/** Without the native part the last words of a child are read as they come, and for no longer than this. */
const LAST_WORDS_MS = 50
/** What the kernel gives a pipe at first: a read of as much found it full. */
const NARROW_BYTES = 1 << 16
/**
 * For a child that writes more than that at once: the longer it can go on, the fewer are the times that it waits for us
 * and we for it. Not for all from the start, since the kernel grants a user 64 MiB of pipes.
 */
const WIDE_BYTES = 1 << 20
/** The pipe of a child that writes line by line fills for so long. */
const REST_MS = 1

export interface LogEnds {
  readonly stdin: OwnedInput
  readonly stdout: ChildOutput
  /** Null: stderr goes the way of stdout. */
  readonly stderr: ChildOutput | null
  /** The child is dead: delivers what it left behind, closes, and calls `done`, whatever becomes of the rest. */
  finish(done: () => void): void
}

export interface LogPipes {
  readonly stdio: readonly ('pipe' | number)[]
  attach(child: ChildProcess): LogEnds
  discard(): void
}

interface LogOutput extends ChildOutput {
  /** Delivers what the dead child left behind, then closes. */
  finish(): void
}

/**
 * Pipes for one child.
 * @param merged stderr is the same pipe as stdout
 * @param input a descriptor that is the child's stdin; it stays open here
 */
export function openLogPipes(libc: Libc, merged: boolean, input: number | undefined): LogPipes {
  const open: number[] = []
  const closeAll = (fds: readonly number[]): void => fds.forEach((fd) => closeSync(fd))
  const pipe = (): { read: number; write: number } => {
    const ends = libc.pipe()
    open.push(ends.read, ends.write)
    return ends
  }
  try {
    const stdin = input === undefined ? pipe() : null
    const stdout = pipe()
    const stderr = merged ? null : pipe()
    const theirs = [stdin?.read ?? input ?? -1, stdout.write, stderr?.write ?? stdout.write]
    return {
      stdio: theirs,
      attach() {
        closeAll([...(stdin ? [stdin.read] : []), stdout.write, ...(stderr ? [stderr.write] : [])])
        const [output, errors] = [logOutput(stdout.read, libc), stderr ? logOutput(stderr.read, libc) : null]
        return {
          stdin: stdin ? childInput(writingEnd(stdin.write), null) : noInput,
          stdout: output,
          stderr: errors,
          finish(done) {
            try {
              output.finish()
              errors?.finish()
            } finally {
              done()
            }
          },
        }
      },
      discard: () => closeAll(open),
    }
  } catch (error) {
    closeAll(open)
    throw error
  }
}

/** The same with what Node makes by itself. Merged output may change its order. */
export function plainLogPipes(merged: boolean, input: number | undefined): LogPipes {
  return {
    stdio: [input ?? 'pipe', 'pipe', 'pipe'],
    attach(child) {
      const sockets = [socketOf(child.stdout), socketOf(child.stderr)] as const
      const [stdout, stderr] = [socketOutput(sockets[0]), socketOutput(sockets[1])]
      const stdin = child.stdin instanceof net.Socket ? childInput(child.stdin, null) : noInput
      const finish = (done: () => void): void => finishSockets(sockets, done)
      return merged
        ? { stdin, stdout: together(stdout, stderr), stderr: null, finish }
        : { stdin, stdout, stderr, finish }
    },
    discard: () => undefined,
  }
}

function socketOf(stream: Readable | null): net.Socket {
  if (!(stream instanceof net.Socket)) throw new TypeError('cannot read the child: its output is no socket')
  return stream
}

/** Node may tell a child's death before the last of its words. A survivor that holds the pipes is not waited for. */
function finishSockets(sockets: readonly net.Socket[], done: () => void): void {
  let open = sockets.length
  const timer = setTimeout(() => sockets.forEach((socket) => socket.destroy()), LAST_WORDS_MS)
  for (const socket of sockets) {
    // Held back for a slow log, it would never come to its end.
    socket.resume()
    // An error ends the reading like any other end.
    finished(socket, { writable: false }, () => {
      open -= 1
      if (open > 0) return
      clearTimeout(timer)
      done()
    })
  }
}

function together(one: ChildOutput, other: ChildOutput): ChildOutput {
  const both = (act: (output: ChildOutput) => void) => (): void => {
    act(one)
    act(other)
  }
  return {
    listen(listener) {
      let open = 2
      const end = (): void => {
        open -= 1
        if (open === 0) listener.end()
      }
      both((output) => output.listen({ data: (chunk) => listener.data(chunk), end }))()
    },
    pause: both((output) => output.pause()),
    resume: both((output) => output.resume()),
    destroy: both((output) => output.destroy()),
    unread: () => null,
  }
}

const noInput: OwnedInput = {
  write: () => Promise.reject(new Error('the child has no stdin of ours')),
  end: () => undefined,
  unread: () => null,
  destroy: () => undefined,
}

/** One output of a child. The chunks that it delivers are good for the time of the call only. */
function logOutput(fd: number, libc: Pick<Libc, 'widen'>): LogOutput {
  let listener: { data(chunk: Uint8Array): void; end(): void } | null = null
  let over = false
  let isNarrow = true
  let isHeld = false
  let resting: NodeJS.Timeout | null = null
  const pace = new ReadPace()
  const widen = (): void => {
    // Refused, it stays as it is.
    if (isNarrow) libc.widen(fd, WIDE_BYTES)
    isNarrow = false
  }
  const rest = (): void => {
    widen()
    resting = setTimeout(() => {
      resting = null
      if (!isHeld && !socket.destroyed) socket.resume()
    }, REST_MS)
    socket.pause()
  }
  const wake = (): void => {
    if (resting !== null) clearTimeout(resting)
    resting = null
  }
  const deliver = (chunk: Uint8Array): void => {
    if (!over) listener?.data(chunk)
  }
  const end = (): void => {
    if (over) return
    over = true
    listener?.end()
  }
  const socket = new net.Socket({
    fd,
    readable: true,
    writable: false,
    onread: {
      buffer: shared,
      callback(count: number, buffer: Uint8Array): boolean {
        if (count >= NARROW_BYTES) widen()
        deliver(buffer.subarray(0, count))
        if (pace.rests(count, performance.now()) && !isHeld && !over) rest()
        return true
      },
    },
  })
  socket.on('end', end)
  // After a read error 'close' follows alone.
  socket.on('error', () => undefined)
  socket.on('close', end)
  return {
    listen(next) {
      listener = next
      socket.resume()
    },
    pause() {
      isHeld = true
      socket.pause()
    },
    resume() {
      isHeld = false
      if (resting === null) socket.resume()
    },
    unread: () => null,
    destroy() {
      over = true
      wake()
      socket.destroy()
    },
    finish() {
      wake()
      if (!over && !socket.destroyed) readLastWords(fd, shared, deliver)
      end()
      socket.destroy()
    },
  }
}
