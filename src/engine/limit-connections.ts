// Who has one of a server's connections, and who makes room for the next: one rule for every server that we open.

export interface ConnectionLimits {
  readonly connections: number
  /** Requests of one connection that are being answered at once. */
  readonly ahead: number
  /** Who makes room where all of them are being answered: that which is open longest, or the new one. */
  readonly whenBusy: 'oldest' | 'newest'
}

interface Connection {
  destroy(): unknown
  on(event: 'close', listener: () => void): unknown
}

interface Answer {
  on(event: 'close', listener: () => void): unknown
}

/** What is needed of an HTTP server as Node has it. */
interface LimitedServer<Request, Response> {
  on(event: 'connection', listener: (connection: Connection) => void): unknown
  on(event: 'request', listener: (request: Request, response: Response) => void): unknown
}

/**
 * Hands the requests of a server to `serve`, and bounds how many there are. Idle connections are kept for as long as
 * there is room, since some clients keep theirs for hours and do not try again; where there is none, the one that has
 * been idle longest makes it. Whoever asks too far ahead of the answers is cut off: Node parses all that came in one
 * piece, read or not, so that what it asked after that comes here too and must not be answered.
 */
export function limitConnections<Request extends { readonly socket: Connection }, Response extends Answer>(
  server: LimitedServer<NoInfer<Request>, NoInfer<Response>>,
  limits: ConnectionLimits,
  serve: (request: Request, response: Response) => void,
): void {
  /** Requests that are being answered, by connection, in the order in which those were opened. */
  const open = new Map<Connection, number>()
  /** In the order in which they fell idle. */
  const idle = new Set<Connection>()
  const cut = (connection: Connection): void => {
    forget(connection)
    connection.destroy()
  }
  const forget = (connection: Connection): void => {
    open.delete(connection)
    idle.delete(connection)
  }
  server.on('connection', (connection) => {
    open.set(connection, 0)
    idle.add(connection)
    connection.on('close', () => forget(connection))
    if (open.size <= limits.connections) return
    // The new one is idle, and the last in either line.
    const isBusy = idle.size === 1
    const [longest = connection] = isBusy && limits.whenBusy === 'oldest' ? open.keys() : idle
    cut(longest)
  })
  server.on('request', (request, response) => {
    const { socket } = request
    const asked = open.get(socket)
    if (asked === undefined) return
    if (asked === limits.ahead) {
      cut(socket)
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
