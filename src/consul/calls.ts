// How Consul is asked anything, over npm `consul`: every call has a time limit, every error is our own.
import { EventEmitter } from 'node:events'
import type { Agent as HttpAgent } from 'node:http'
import { isIPv6 } from 'node:net'
import Consul from 'consul'
import type { Millis } from '../domain/time.ts'
import { connections } from './connections.ts'
import { explain, isRecord, isStaleConnection, type Attempt } from './errors.ts'

export interface ConsulOptions {
  readonly host: string
  readonly port: number
  readonly secure: boolean
  readonly token?: string | null
  readonly namespace?: string | null
  /** PEM texts; the built-in authorities without `ca`. */
  readonly ca?: string | null
  readonly cert?: string | null
  readonly key?: string | null
  /** Name the certificate must carry; the host without it. */
  readonly serverName?: string | null
  /** Limit of every call that does not wait on purpose. */
  readonly timeout?: Millis
}

/** What may change while a client is in use. */
export type ConsulCredentials = Pick<ConsulOptions, 'token' | 'ca' | 'cert' | 'key'>

export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  readonly timeout?: Millis
}

/** Looks at a response before it becomes the outcome: that is `next()`, or `next(false, undefined, outcome)` for another. */
export type AfterResponse = (
  request: { readonly res?: { readonly statusCode?: number } },
  next: (stop?: false, nothing?: undefined, outcome?: unknown) => void,
) => void

/** What is used of npm `consul`; its own types know neither time limits nor what the methods give back. */
export interface RawConsul {
  /** What every method of npm `consul` is made of. */
  _get(request: object, after?: AfterResponse): Promise<unknown>
  _post(request: object): Promise<unknown>
  readonly agent: {
    readonly service: {
      list(options: object): Promise<unknown>
      register(options: object): Promise<unknown>
      deregister(options: object): Promise<unknown>
    }
    readonly check: {
      list(options: object): Promise<unknown>
      pass(options: object): Promise<unknown>
      warn(options: object): Promise<unknown>
      fail(options: object): Promise<unknown>
    }
  }
}

export interface ConsulAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: unknown
}

/** What carries the calls, with the credentials of its time. */
interface Link {
  readonly raw: RawConsul
  readonly connections: HttpAgent
  readonly token: string | null
}

const CALL_LIMIT: Millis = 2_000

/** The calls of one client: they share connections, credentials and the limit. */
export class ConsulCalls {
  /** For messages: scheme, host and port. */
  readonly address: string
  readonly #limit: Millis
  #options: ConsulOptions
  #link: Link

  constructor(options: ConsulOptions) {
    const host = isIPv6(options.host) ? `[${options.host}]` : options.host
    this.address = `${options.secure ? 'https' : 'http'}://${host}:${options.port}`
    this.#limit = options.timeout ?? CALL_LIMIT
    this.#options = options
    this.#link = this.#open()
  }

  /** As `ConsulClient.renew`. */
  renew(credentials: ConsulCredentials): void {
    const { ca = null, cert = null, key = null, token = null } = credentials
    const old = this.#link
    this.#options = { ...this.#options, ca, cert, key, token }
    this.#link = this.#open()
    old.connections.destroy()
  }

  /** Breaks what is under way and frees the connections. */
  close(): void {
    this.#link.connections.destroy()
  }

  /** One call, with its time limit and way to abort it; once more after a connection that was stale. @throws ConsulError */
  async make(
    what: Pick<Attempt, 'action' | 'right'>,
    { signal, timeout = this.#limit }: CallOptions = {},
    call: (raw: RawConsul, common: object) => Promise<unknown>,
  ): Promise<ConsulAnswer> {
    const once = async (): Promise<ConsulAnswer> => {
      const context = Object.assign(new EventEmitter(), { includeResponse: true, canceled: signal?.aborted === true })
      const cancel = (): void => void context.emit('cancel')
      signal?.addEventListener('abort', cancel, { once: true })
      try {
        return answerOf(await call(this.#link.raw, { timeout: Math.ceil(timeout), ctx: context }))
      } finally {
        signal?.removeEventListener('abort', cancel)
      }
    }
    try {
      return await once().catch((error: unknown) => {
        if (isStaleConnection(error) && signal?.aborted !== true) return once()
        throw error
      })
    } catch (error) {
      throw explain(error, { ...what, address: this.address, token: this.#link.token })
    }
  }

  #open(): Link {
    const { token, namespace } = this.#options
    const headers = {
      ...(token ? { 'x-consul-token': token } : {}),
      ...(namespace ? { 'x-consul-namespace': namespace } : {}),
    }
    const agent = connections(this.#options)
    const settings = { baseUrl: `${this.address}/v1`, agent, headers, timeout: this.#limit }
    return { raw: new Consul(settings) as Consul & RawConsul, connections: agent, token: token ?? null }
  }
}

/** npm consul's methods give a pair when their context asks for the response, what they are made of the response alone. */
function answerOf(given: unknown): ConsulAnswer {
  const [response, body] = Array.isArray(given)
    ? (given as readonly unknown[])
    : [given, isRecord(given) ? given['body'] : undefined]
  const { statusCode, headers } = isRecord(response) ? response : {}
  return { status: Number(statusCode ?? 0), headers: isRecord(headers) ? headers : {}, body }
}
