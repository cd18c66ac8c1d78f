// The three pipes of one child, from before its start until the agent's ends are handed out.
import type { ChildProcess } from 'node:child_process'
import { closeSync, fstatSync } from 'node:fs'
import net from 'node:net'
import type { ChildOutput } from '../engine/ports.ts'
import { childControl, CONTROL_FD, type OwnedControl } from './child-control.ts'
import type { Libc } from './libc.ts'
import { openNotifySocket } from './notify-socket.ts'
import { pipeOutput, socketOutput, terminalOutput } from './pipe-output.ts'
import { childInput, openPipe, readingEnd, writingEnd, type OwnedInput, type Pipe } from './pipes.ts'
import { openPseudoTerminal } from './pseudo-terminal.ts'

export interface AgentEnds {
  readonly stdin: OwnedInput
  /** Names the pipe in /proc; null for a socket. */
  readonly stdinInode: number | null
  readonly stdout: ChildOutput
  readonly stderr: net.Socket
  /** Descriptor of our end of stderr while its socket is open; null where libuv keeps it to itself. */
  readonly stderrFd: number | null
  /** null: it was not asked for. */
  readonly control: OwnedControl | null
}

export interface Wishes {
  /** A terminal for stdout. */
  readonly terminal: boolean
  readonly control: boolean
  /** A socket for sd_notify(3) beside the control channel. */
  readonly notify: boolean
}

export interface ChildPipes {
  readonly stdio: readonly ('pipe' | number)[]
  /** Variables that lead the child to what it has besides. */
  readonly environment?: Readonly<Record<string, string>>
  /** The child runs: closes its ends here, hands out ours. */
  attach(child: ChildProcess): AgentEnds
  /** The start failed. */
  discard(): void
}

/**
 * Real pipes: the child may open /dev/stdin, and the kernel tells how much of its stdin is unread. Stdout is a terminal
 * where `terminal` says so.
 */
export function realPipes(libc: Libc, { terminal, control: wantsControl, notify: wantsNotify }: Wishes): ChildPipes {
  const open: number[] = []
  const closeAll = (fds: readonly number[]): void => {
    for (const fd of fds) closeSync(fd)
  }
  const pipe = (wide: boolean): Pipe => {
    const ends = openPipe(libc, wide)
    open.push(ends.read, ends.write)
    return ends
  }
  const terminalEnds = (): Pipe => {
    const { ours, theirs } = openPseudoTerminal(libc)
    open.push(ours, theirs)
    return { read: ours, write: theirs }
  }
  try {
    const [stdin, stdout, stderr] = [pipe(true), terminal ? terminalEnds() : pipe(true), pipe(false)]
    const output = terminal ? terminalOutput : pipeOutput
    const control = wantsControl ? pipe(false) : null
    const notify = wantsNotify ? openNotifySocket(libc) : null
    const theirs = [stdin.read, stdout.write, stderr.write, ...(control ? [control.write] : [])]
    return {
      stdio: theirs,
      ...(notify && { environment: { NOTIFY_SOCKET: notify.path } }),
      attach() {
        closeAll(theirs)
        return {
          stdinInode: fstatSync(stdin.write).ino,
          stdin: childInput(writingEnd(stdin.write), {
            writer: stdin.write,
            unread: (fd) => libc.unread(fd),
            readerless: (fd) => libc.readerless(fd),
          }),
          stdout: output(stdout.read, () => libc.unread(stdout.read)),
          stderr: readingEnd(stderr.read),
          stderrFd: stderr.read,
          control:
            control &&
            childControl(readingEnd(control.read), { fd: control.read, unread: (fd) => libc.unread(fd) }, notify),
        }
      },
      discard() {
        notify?.finish()
        closeAll(open)
      },
    }
  } catch (error) {
    closeAll(open)
    throw error
  }
}

/** What Node makes by itself: socket pairs. */
export const plainPipes = (wantsControl: boolean): ChildPipes => ({
  stdio: ['pipe', 'pipe', 'pipe', ...(wantsControl ? ['pipe' as const] : [])],
  attach(child) {
    const { stdin, stdout, stderr } = child
    const control = child.stdio[CONTROL_FD]
    if (!(stdin instanceof net.Socket && stdout instanceof net.Socket && stderr instanceof net.Socket)) {
      throw new TypeError('cannot use the pipes of the child: they are no sockets')
    }
    return {
      stdin: childInput(stdin, null),
      stdinInode: null,
      stdout: socketOutput(stdout),
      stderr,
      stderrFd: null,
      control: control instanceof net.Socket ? childControl(control, null, null) : null,
    }
  },
  discard: () => undefined,
})
