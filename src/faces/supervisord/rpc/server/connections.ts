import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Bounds the connections of a server. Idle ones are kept for as long as there is room, since listeners keep theirs for
 * hours and do not try again; where there is none, the one that has been idle longest makes it.
 */
export function limitConnections(server: Server, most: number): void {
  const open = new Set<Socket>()
  /** In the order in which they fell idle. */
  const idle = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    open.add(socket)
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
    idle.delete(socket)
    response.on('close', () => {
      if (open.has(socket)) idle.add(socket)
    })
  })
}
