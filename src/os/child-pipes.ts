// The three pipes of one child, from before its start until the agent's ends are handed out.
import type { ChildProcess } from 'node:child_process'
import { closeSync, fstatSync } from 'node:fs'
import net from 'node:net'
import type { ChildOutput } from '../engine/ports.ts'
import type { Libc } from './libc.ts'
import { childInput, openPipe, pipeOutput, readingEnd, socketOutput, writingEnd, type OwnedInput } from './pipes.ts'

export interface AgentEnds {
  readonly stdin: OwnedInput
  /** Names the pipe in /proc; null for a socket. */
  readonly stdinInode: number | null
  readonly stdout: ChildOutput
  readonly stderr: net.Socket
  /** Descriptor of our end of stderr while its socket is open; null where libuv keeps it to itself. */
  readonly stderrFd: number | null
}

export interface ChildPipes {
  readonly stdio: 'pipe' | readonly number[]
  /** How far the descriptor table is in use. */
  readonly highestFd: number
  /** The child runs: closes its ends here, hands out ours. */
  attach(child: ChildProcess): AgentEnds
  /** The start failed. */
  discard(): void
}

/** Real pipes: the child may open /dev/stdin, and the kernel tells how much of its stdin is unread. */
export function realPipes(libc: Libc): ChildPipes {
  const open: number[] = []
  const closeAll = (fds: readonly number[]): void => {
    for (const fd of fds) closeSync(fd)
  }
  const pipe = (wide: boolean): { read: number; write: number } => {
    const ends = openPipe(libc, wide)
    open.push(ends.read, ends.write)
    return ends
  }
  try {
    const [stdin, stdout, stderr] = [pipe(true), pipe(true), pipe(false)]
    const theirs = [stdin.read, stdout.write, stderr.write]
    return {
      stdio: theirs,
      highestFd: Math.max(...open),
      attach() {
        closeAll(theirs)
        return {
          stdinInode: fstatSync(stdin.write).ino,
          stdin: childInput(writingEnd(stdin.write), { writer: stdin.write, unread: (fd) => libc.unread(fd) }),
          stdout: pipeOutput(stdout.read, () => libc.unread(stdout.read)),
          stderr: readingEnd(stderr.read),
          stderrFd: stderr.read,
        }
      },
      discard: () => closeAll(open),
    }
  } catch (error) {
    closeAll(open)
    throw error
  }
}

/** What Node makes by itself: socket pairs. */
export const plainPipes: ChildPipes = {
  stdio: 'pipe',
  highestFd: 0,
  attach(child) {
    const { stdin, stdout, stderr } = child
    if (!(stdin instanceof net.Socket && stdout instanceof net.Socket && stderr instanceof net.Socket)) {
      throw new TypeError('cannot use the pipes of the child: they are no sockets')
    }
    return {
      stdin: childInput(stdin, null),
      stdinInode: null,
      stdout: socketOutput(stdout),
      stderr,
      stderrFd: null,
    }
  },
  discard: () => undefined,
}
