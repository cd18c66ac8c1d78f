import { once } from 'node:events'
import { createServer, STATUS_CODES, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { stackOf } from '../../../../domain/errors.ts'
import { limitConnections } from '../../../../engine/limit-connections.ts'
import { hostName, refusal } from '../../../../wire/http/browser-guard.ts'
import type { HttpServerConfig } from '../../config/types.ts'
import { authenticate, type Credentials } from './credentials.ts'
import { errorContent, exchangeOf, replyOf, send, type Exchange, type Reply, type Route } from './exchange.ts'
import { listen } from './listen.ts'
import { shown, type ServerLog } from './log.ts'
import { machineNames } from './machine-names.ts'

export interface HttpLimits {
  readonly headerBytes: number
  /** For the whole header, and for header and body, from the first byte; ms. */
  readonly headerTime: number
  readonly requestTime: number
  /** How often those two are looked at; ms. */
  readonly checkTime: number
  readonly connections: number
  /** What is being answered when the server closes may take this long; ms. */
  readonly closeTime: number
}

/** Requests that one connection may send ahead of their answers. */
const mostAhead = 16

const defaultHttpLimits: HttpLimits = {
  headerBytes: 16 * 1024,
  headerTime: 10_000,
  requestTime: 30_000,
  checkTime: 5_000,
  connections: 512,
  closeTime: 200,
}

export interface FaceOptions {
  readonly config: HttpServerConfig
  /** The first that matches answers. */
  readonly routes: readonly Route[]
  readonly log: ServerLog
  /** Of the daemon: part of a temporary name. */
  readonly pid: number
  /** Tests have lower ones. */
  readonly limits?: Partial<HttpLimits>
}

/** One HTTP server of a supervisord configuration: who may ask, and which route answers. No request ends the daemon. */
export class SupervisordHttpFace {
  readonly #options: FaceOptions
  readonly #limits: HttpLimits
  readonly #server: Server
  readonly #credentials: Credentials | null
  readonly #names: ReadonlySet<string> | null
  #afterClose: () => void = () => undefined

  constructor(options: FaceOptions) {
    this.#options = options
    this.#limits = { ...defaultHttpLimits, ...options.limits }
    this.#credentials = credentialsOf(options.config)
    this.#names = this.#credentials === null ? ownNames(options.config) : null
    this.#server = this.#create()
  }

  /** Raises UNAVAILABLE where the address cannot be had. */
  async open(): Promise<void> {
    const { config, log, pid } = this.#options
    this.#afterClose = await listen(this.#server, config, { log, pid })
    this.#server.on('error', (error) => log('error', `server [${config.section}]: ${error.message}`))
  }

  /** Takes no more requests, answers those that came for a moment, and drops every connection. */
  async close(): Promise<void> {
    if (!this.#server.listening) return
    this.#afterClose()
    const closed = once(this.#server, 'close')
    this.#server.close()
    const force = setTimeout(() => this.#server.closeAllConnections(), this.#limits.closeTime)
    await closed
    clearTimeout(force)
  }

  #create(): Server {
    const { headerBytes, headerTime, requestTime, checkTime, connections } = this.#limits
    const server = createServer({
      maxHeaderSize: headerBytes,
      headersTimeout: headerTime,
      requestTimeout: requestTime,
      connectionsCheckingInterval: checkTime,
      // Listeners keep a connection for hours and take its end for a failure.
      keepAliveTimeout: 0,
      keepAlive: true,
      // supervisorctl's tail sends an empty one, HTTP/1.0 none.
      requireHostHeader: false,
    })
    server.on('clientError', (error, socket) => this.#refuseGarbage(error, socket))
    const limits = { connections, ahead: mostAhead, whenBusy: 'newest' } as const
    limitConnections(server, limits, (request: IncomingMessage, response: ServerResponse) => {
      void this.#serve(request, response)
    })
    return server
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { log } = this.#options
    response.setHeader('Server', 'pidpiper')
    const exchange = exchangeOf(request, response)
    try {
      const reply = this.#refusal(exchange) ?? (await replyOf(exchange, this.#options.routes))
      if (reply !== null) send(exchange, reply)
    } catch (error) {
      log('critical', `handling ${request.method ?? ''} ${shown(request.url ?? '')} failed: ${stackOf(error)}`)
      if (response.headersSent) response.destroy()
      else send(exchange, 500)
    }
  }

  /** Null: the request may pass. */
  #refusal({ request, path }: Exchange): Reply {
    const { host, origin, authorization } = request.headers
    const reason = refusal({ host, origin }, this.#names)
    if (reason !== null) {
      this.#options.log('warn', `refused ${shown(path)}: ${shown(reason, 400)}`)
      return 403
    }
    if (this.#credentials === null) return null
    const verdict = authenticate(authorization, this.#credentials)
    if (verdict === 'malformed') return 400
    const challenge = { Connection: 'close', 'WWW-Authenticate': 'Basic realm="default"' }
    return verdict === 'welcome' ? null : { ...errorContent(401), headers: challenge }
  }

  /** A request that is none, is too large, or did not come in time. */
  #refuseGarbage(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (!socket.writable || error.code === 'ECONNRESET') {
      socket.destroy()
      return
    }
    const statuses: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 }
    const status = statuses[error.code ?? ''] ?? 400
    const { type, body } = errorContent(status)
    const headers = `Content-Type: ${type}\r\nContent-Length: ${body.length}\r\nConnection: close`
    socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${headers}\r\n\r\n${body}`)
  }
}

/** supervisord asks for none where the user name is empty. */
const credentialsOf = ({ credentials }: HttpServerConfig): Credentials | null =>
  credentials === null || credentials.username === '' ? null : credentials

/** Hosts that a TCP server without a password answers for; a unix socket is out of a browser's reach. */
const ownNames = (config: HttpServerConfig): ReadonlySet<string> | null =>
  config.family === 'unix' ? null : machineNames().add(hostName(config.host))
