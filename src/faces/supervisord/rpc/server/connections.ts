import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Requests that one connection may send ahead of their answers. */
const MOST_AHEAD = 16

/**
 * Bounds the connections of a server, and what each may ask at once. Idle ones are kept for as long as there is room,
 * since listeners keep theirs for hours and do not try again; where there is none, the one that has been idle longest
 * makes it.
 */
export function limitConnections(server: Server, most: number): void {
  /** Requests that are being answered. */
  const open = new Map<Socket, number>()
  /** In the order in which they fell idle. */
  const idle = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.set(socket, 0)
    idle.add(socket)
    socket.on('close', () => {
      open.delete(socket)
      idle.delete(socket)
    })
    if (open.size <= most) return
    const [longest = socket] = idle
    open.delete(longest)
    idle.delete(longest)
    longest.destroy()
  })
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    const ahead = (open.get(socket) ?? 0) + 1
    if (ahead > MOST_AHEAD) socket.destroy()
    open.set(socket, ahead)
    idle.delete(socket)
    response.on('close', () => {
      const left = open.get(socket)
      if (left === undefined) return
      open.set(socket, left - 1)
      if (left === 1) idle.add(socket)
    })
  })
}
