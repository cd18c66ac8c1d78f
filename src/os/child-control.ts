// Our end of a child's control channel: lines, in the order in which they were said.
import type net from 'node:net'
import { notifyLines } from '../domain/control/notify.ts'
import type { ChildControl } from '../engine/ports.ts'
import { readWhatIsThere, stderrSplitter } from './child-stderr.ts'
import type { NotifySocket } from './notify-socket.ts'

/** The descriptor that a child finds its end at. */
export const CONTROL_FD = 3

/** What the spawner may do with a control channel besides listening. */
export interface OwnedControl extends ChildControl {
  /** The child is dead: what it said last is told at once, and whoever else holds the channel is not heard any more. */
  finish(): void
}

/** Where the descriptor is known: how much lies in the pipe, so that it can be read before what was said after it. */
export interface ControlGauge {
  readonly fd: number
  unread(fd: number): number
}

/** `notify`: a second way to say some of it. */
export function childControl(
  socket: net.Socket,
  gauge: ControlGauge | null,
  notify: NotifySocket | null,
): OwnedControl {
  let listener: ((line: string, cut: boolean) => void) | null = null
  const splitter = stderrSplitter((line, cut) => listener?.(line, cut))
  notify?.listen((datagram) => {
    for (const line of notifyLines(datagram)) listener?.(line, false)
  })
  socket.on('data', (chunk: Buffer) => splitter.write(chunk))
  // After a read error 'close' follows; a Calculator may close the channel and live on.
  socket.on('error', () => undefined)
  socket.on('close', () => splitter.end())
  const catchUp = (): void => {
    if (gauge === null || socket.destroyed || socket.readableEnded || gauge.unread(gauge.fd) === 0) return
    readWhatIsThere(gauge.fd, splitter)
  }
  return {
    listen: (listen) => {
      listener = listen
    },
    catchUp,
    finish() {
      catchUp()
      splitter.end()
      socket.destroy()
      notify?.finish()
    },
  }
}
