import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { AgentError, codeOf, messageOf } from '../domain/errors.ts'
import { limitConnections } from '../engine/limit-connections.ts'
import type { ReadModel } from '../engine/snapshot.ts'
import { hasBody, json, sendAnswer, type Answer } from './answer.ts'
import { components, readiness } from './health.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { status } from './status.ts'

export interface HttpOptions {
  readonly model: ReadModel
  /** `host` null: every address of the machine. Port 0: the system chooses. */
  readonly listen: { readonly host: string | null; readonly port: number }
  /** Answers every path but ours; null: they are 404. Asked for at each request. */
  readonly control?: () => ((request: IncomingMessage, response: ServerResponse) => Promise<void>) | null
  /** Resident memory of a process and all its children, in bytes; null where it cannot be seen. */
  readonly memoryOf?: (pid: number) => number | null
  /** Told of an answer that could not be made. */
  readonly failed: (error: unknown, path: string) => void
}

// A probe is one small request; whoever is slower than this, or larger, is none.
const limits = { headerBytes: 8 * 1024, headers: 5_000, request: 10_000, idle: 5_000, closing: 100 }
// None sends a request ahead of an answer; one that comes with the answer's last byte may overtake the end of it here. A
// probe gets in however many others hold a connection.
const most = { connections: 200, ahead: 4, whenBusy: 'oldest' } as const

/**
 * The open, read-only face: five paths, GET and HEAD, nothing secret, nothing that changes anything. Whatever else is
 * asked for is the business of `control`, where there is one.
 */
export class HttpFace {
  readonly #options: HttpOptions
  readonly #server: Server
  readonly #metrics: Metrics
  readonly #answers: Readonly<Record<string, (query: URLSearchParams) => Answer | Promise<Answer>>>

  constructor(options: HttpOptions) {
    this.#options = options
    this.#metrics = createMetrics(() => options.model.snapshot(), options.memoryOf)
    this.#answers = {
      // Whoever answers takes its turns: what else could fail, a new container would not mend.
      '/livez': () => json(200, { status: 'live' }),
      '/readyz': () => this.#ready(),
      '/healthz': (query) => this.#health(query.has('verbose')),
      '/metrics': async () => ({ status: 200, type: this.#metrics.contentType, body: await this.#metrics.text() }),
      '/status': () => json(200, status(options.model)),
    }
    this.#server = createServer({
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headers,
      requestTimeout: limits.request,
      keepAliveTimeout: limits.idle,
      connectionsCheckingInterval: 1_000,
    })
    limitConnections(this.#server, most, (request: IncomingMessage, response: ServerResponse) => {
      void this.#serve(request, response)
    })
  }

  /**
   * Opens the port and gives the number it got. Raises UNAVAILABLE, with the address and what to do, when it cannot be
   * opened. Without a host it listens on `::` for both families, or on 0.0.0.0 where the machine has no IPv6.
   */
  async listen(): Promise<number> {
    const { host, port } = this.#options.listen
    try {
      this.#server.listen({ port, ...(host !== null && { host }) })
      await once(this.#server, 'listening')
    } catch (cause) {
      this.#metrics.close()
      throw new AgentError('UNAVAILABLE', `cannot listen on ${host ?? ''}:${port}: ${why(cause)}`, { cause })
    }
    this.#server.on('error', (error) => this.#options.failed(error, 'server'))
    return (this.#server.address() as AddressInfo).port
  }

  /** Answers what is being asked, for at most 100 ms, then drops every connection. */
  async close(): Promise<void> {
    this.#metrics.close()
    if (!this.#server.listening) return
    const closed = once(this.#server, 'close')
    this.#server.close()
    const force = setTimeout(() => this.#server.closeAllConnections(), limits.closing)
    await closed
    clearTimeout(force)
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [path = '', query = ''] = (request.url ?? '').split('?', 2)
    if (!this.#server.listening) response.setHeader('Connection', 'close')
    const control = Object.hasOwn(this.#answers, path) ? null : (this.#options.control?.() ?? null)
    try {
      if (control !== null) {
        await control(request, response)
        return
      }
      // A body is never read: the connection ends with the answer instead.
      if (hasBody(request)) response.setHeader('Connection', 'close')
      const answer = await this.#answer(request.method, path, new URLSearchParams(query))
      if (answer.status === 405) response.setHeader('Allow', 'GET, HEAD')
      sendAnswer(response, answer)
    } catch (error) {
      this.#options.failed(error, path)
      if (response.headersSent) response.destroy()
      else sendAnswer(response, json(500, { error: 'internal error, see the log' }, { Connection: 'close' }))
    }
  }

  #answer(method: string | undefined, path: string, query: URLSearchParams): Answer | Promise<Answer> {
    if (!Object.hasOwn(this.#answers, path)) {
      return json(404, { error: 'no such path', paths: Object.keys(this.#answers) })
    }
    if (method !== 'GET' && method !== 'HEAD') return json(405, { error: 'only GET and HEAD' })
    return this.#answers[path]?.(query) ?? json(404, {})
  }

  #ready(): Answer {
    const { ready, reasons } = readiness(this.#options.model.snapshot())
    return ready ? json(200, { status: 'ready' }) : json(503, { status: 'not ready', reasons })
  }

  #health(verbose: boolean): Answer {
    const found = components(this.#options.model.snapshot())
    const worst = (['fail', 'warn', 'pass'] as const).find((state) =>
      found.some((component) => component.status === state),
    )
    return json(worst === 'fail' ? 503 : 200, { status: worst, ...(verbose && { components: found }) })
  }
}

const cures: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use; end what listens there, or set HTTP_LISTEN to another one or to off',
  EACCES: 'not allowed; set HTTP_LISTEN to a port from 1024 on',
  EADDRNOTAVAIL: 'this machine has no such address; set HTTP_LISTEN to one it has',
}

const why = (cause: unknown): string => cures[codeOf(cause)] ?? messageOf(cause)
