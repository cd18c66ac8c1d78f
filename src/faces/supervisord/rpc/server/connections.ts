import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

/** Requests that one connection may send ahead of their answers. */
const MOST_AHEAD = 16

/**
 * Hands the requests of a server to `serve`, and bounds its connections and what each may ask at once. Idle ones are
 * kept for as long as there is room, since listeners keep theirs for hours and do not try again; where there is none,
 * the one that has been idle longest makes it. What a connection that was cut off had asked besides comes here all the
 * same, since Node parses all that came in one piece, and is not served.
 */
export function limitConnections(
  server: Server,
  most: number,
  serve: (request: IncomingMessage, response: ServerResponse) => void,
): void {
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
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    const asked = open.get(socket)
    if (asked === undefined) return
    if (asked === MOST_AHEAD) {
      open.delete(socket)
      socket.destroy()
      return
    }
    open.set(socket, asked + 1)
    idle.delete(socket)
    response.on('close', () => {
      const left = open.get(socket)
      if (left === undefined) return
      open.set(socket, left - 1)
      if (left === 1) idle.add(socket)
    })
    serve(request, response)
  })
}
