import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

export interface ConnectionLimits {
  readonly connections: number
  /** Requests of one connection that are being answered at once. */
  readonly ahead: number
}

/**
 * Hands the requests of a server to `serve`, and bounds how many there are. One connection too many takes the place of
 * that which has been idle longest, or has been open longest where none is idle: a probe gets in however many others
 * hold a connection. Whoever asks too far ahead of the answers is cut off: Node parses all that came in one piece, read
 * or not, so that what it asked after that comes here too and must not be answered.
 */
export function limitConnections(
  server: Server,
  limits: ConnectionLimits,
  serve: (request: IncomingMessage, response: ServerResponse) => void,
): void {
  /** Requests that are being answered, by connection, in the order in which those were opened. */
  const open = new Map<Socket, number>()
  /** In the order in which they fell idle. */
  const idle = new Set<Socket>()
  const forget = (socket: Socket): void => {
    open.delete(socket)
    idle.delete(socket)
  }
  server.on('connection', (socket: Socket) => {
    if (open.size >= limits.connections) {
      const [longest = socket] = idle.size > 0 ? idle : open.keys()
      forget(longest)
      longest.destroy()
    }
    open.set(socket, 0)
    idle.add(socket)
    socket.on('close', () => forget(socket))
  })
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request
    const asked = open.get(socket)
    if (asked === undefined) return
    if (asked === limits.ahead) {
      forget(socket)
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
