import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/**
 * Bounds the connections of a server. One too many takes the place of that which has been idle longest: a probe gets in
 * however many others hold a connection and ask nothing.
 */
export function limitConnections(server: Server, most: number): void {
  const open = new Set<Socket>()
  /** In the order in which they fell idle. */
  const idle = new Set<Socket>()
  const forget = (socket: Socket): void => {
    open.delete(socket)
    idle.delete(socket)
  }
  server.on('connection', (socket: Socket) => {
    open.add(socket)
    idle.add(socket)
    socket.on('close', () => forget(socket))
    if (open.size <= most) return
    const [longest = socket] = idle
    forget(longest)
    longest.destroy()
  })
  server.on('request', ({ socket }: IncomingMessage, response: ServerResponse) => {
    idle.delete(socket)
    response.on('close', () => {
      if (open.has(socket)) idle.add(socket)
    })
  })
}
