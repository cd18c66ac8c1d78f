// The one file that talks to Consul, over npm `consul`: every call has a time limit, every error is our own.
import { EventEmitter } from 'node:events'
import type { Agent as HttpAgent } from 'node:http'
import { isIPv6 } from 'node:net'
import Consul from 'consul'
import type { Millis } from '../domain/time.ts'
import { connections } from './connections.ts'
import { ConsulError, explain, isStaleConnection, type Attempt } from './errors.ts'

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

export type CheckStatus = 'passing' | 'warning' | 'critical'

/** One TTL check as it is registered; `status` is what it shows until the first update. */
export interface CheckDefinition {
  readonly id: string
  readonly name: string
  readonly ttl: Millis
  readonly status: CheckStatus
  readonly deregisterAfter?: string
}

export interface ServiceDefinition {
  readonly id: string
  readonly name: string
  readonly address: string
  /** 0: none. */
  readonly port: number
  readonly tags: readonly string[]
  readonly meta: Readonly<Record<string, string>>
}

export interface KvAnswer {
  /** X-Consul-Index, for the next blocking query. */
  readonly index: number
  readonly entry: { readonly text: string; readonly modifyIndex: number } | null
}

interface CallOptions {
  readonly signal?: AbortSignal | undefined
  readonly timeout?: Millis
}

/** What is used of npm `consul`; its own types know neither time limits nor what the methods give back. */
interface RawConsul {
  /** What every method of npm `consul` is made of. */
  _get(request: object): Promise<unknown>
  _post(request: object): Promise<unknown>
  readonly kv: { get(options: object): Promise<unknown> }
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

const CALL_LIMIT: Millis = 2_000
/** How much longer than its own `wait` a blocking query may take, besides Consul's jitter of wait/16. */
const SLACK: Millis = 2_000

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

export class ConsulClient {
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

  /** From now on with these. What is under way breaks off, and is asked once more with them. */
  renew(credentials: Pick<ConsulOptions, 'token' | 'ca' | 'cert' | 'key'>): void {
    const { ca = null, cert = null, key = null, token = null } = credentials
    const old = this.#link
    this.#options = { ...this.#options, ca, cert, key, token }
    this.#link = this.#open()
    old.connections.destroy()
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

  /** Registers, or replaces, the whole definition. @throws ConsulError, like every call below */
  async register(service: ServiceDefinition, checks: readonly CheckDefinition[], options?: CallOptions): Promise<void> {
    const definition = {
      ...service,
      checks: checks.map(({ id, name, ttl, status, deregisterAfter }) => ({
        checkid: id,
        name,
        ttl: `${ttl}ms`,
        status,
        ...(deregisterAfter === undefined ? {} : { deregistercriticalserviceafter: deregisterAfter }),
      })),
    }
    const attempt = { action: `register the service "${service.name}"`, right: serviceWrite(service.name) }
    await this.#call(attempt, options, (common) => this.#link.raw.agent.service.register({ ...definition, ...common }))
  }

  /** A service that is not there is no error. */
  async deregister(service: Pick<ServiceDefinition, 'id' | 'name'>, options?: CallOptions): Promise<void> {
    const attempt = { action: `deregister the service "${service.name}"`, right: serviceWrite(service.name) }
    try {
      await this.#call(attempt, options, (common) =>
        this.#link.raw.agent.service.deregister({ id: service.id, ...common }),
      )
    } catch (error) {
      if (!(error instanceof ConsulError && error.status === 404)) throw error
    }
  }

  /** Sets state and output of a TTL check; status 404 says that Consul does not know it. */
  async report(id: string, status: CheckStatus, output: string, options?: CallOptions): Promise<void> {
    const attempt = { action: `update the check "${id}"`, right: 'service:write on its service' }
    const send = (common: object): Promise<unknown> => {
      const { check } = this.#link.raw.agent
      const update = { id, note: output.toWellFormed(), ...common }
      if (status === 'passing') return check.pass(update)
      return status === 'warning' ? check.warn(update) : check.fail(update)
    }
    await this.#call(attempt, options, send)
  }

  /** The service as the Consul agent has it, with the ids of its checks; null if it is not there, or may not be read. */
  async registered(
    id: string,
    options?: CallOptions,
  ): Promise<{ readonly service: ServiceDefinition; readonly checks: ReadonlySet<string> } | null> {
    const attempt = { action: 'read back the registration', right: 'service:read' }
    const services = await this.#call(attempt, options, (common) =>
      this.#link.raw.agent.service.list({ ...only('ID', id), ...common }),
    )
    const found = isRecord(services.body) ? services.body[id] : undefined
    if (!isRecord(found)) return null
    const checks = await this.#call(attempt, options, (common) =>
      this.#link.raw.agent.check.list({ ...only('ServiceID', id), ...common }),
    )
    const own = Object.entries(isRecord(checks.body) ? checks.body : {})
      .filter(([, shown]) => isRecord(shown) && shown['ServiceID'] === id)
      .map(([checkId]) => checkId)
    return { service: definitionOf(found), checks: new Set(own) }
  }

  /** The value of a key now. A value that is not UTF-8 shows as U+FFFD. */
  read(key: string, options?: CallOptions): Promise<KvAnswer> {
    return this.#readKey(key, {}, options)
  }

  /** Blocking query: the value of a key as soon as it is newer than `index`, or after `wait`. */
  block(key: string, index: number, wait: Millis, signal?: AbortSignal): Promise<KvAnswer> {
    return this.#readKey(key, { index, wait: `${wait}ms` }, { signal, timeout: wait + wait / 16 + SLACK })
  }

  /** Any other question that needs no right: GET, or POST of `body` as JSON. */
  async ask(path: string, { body, ...options }: { readonly body?: unknown } & CallOptions = {}): Promise<ConsulAnswer> {
    const request = body === undefined ? {} : { body, type: 'json' }
    return this.#call({ action: `ask ${path}`, right: null }, options, async (common) => {
      const whole = { name: path, path, ...request, ...common }
      const response = await (body === undefined ? this.#link.raw._get(whole) : this.#link.raw._post(whole))
      return [response, isRecord(response) ? response['body'] : undefined]
    })
  }

  /** Breaks what is under way and frees the connections. */
  close(): void {
    this.#link.connections.destroy()
  }

  async #readKey(key: string, query: object, options?: CallOptions): Promise<KvAnswer> {
    const attempt = { action: `read the key "${key}"`, right: `key:read on "${key}"` }
    const { headers, body } = await this.#call(attempt, options, (common) =>
      this.#link.raw.kv.get({ key, ...query, ...common }),
    )
    const index = Number(headers['x-consul-index'] ?? 0)
    if (!isRecord(body)) return { index, entry: null }
    const value = body['Value']
    return { index, entry: { text: typeof value === 'string' ? value : '', modifyIndex: Number(body['ModifyIndex']) } }
  }

  /** One call, with its time limit and way to abort it; once more after a connection that was stale. */
  async #call(
    what: Pick<Attempt, 'action' | 'right'>,
    { signal, timeout = this.#limit }: CallOptions = {},
    call: (common: object) => Promise<unknown>,
  ): Promise<ConsulAnswer> {
    const once = async (): Promise<ConsulAnswer> => {
      const context = Object.assign(new EventEmitter(), { includeResponse: true, canceled: signal?.aborted === true })
      const cancel = (): void => void context.emit('cancel')
      signal?.addEventListener('abort', cancel, { once: true })
      try {
        return answerOf(await call({ timeout: Math.ceil(timeout), ctx: context }))
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
}

/** What carries the calls, with the credentials of its time. */
interface Link {
  readonly raw: RawConsul
  readonly connections: HttpAgent
  readonly token: string | null
}

export interface ConsulAnswer {
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: unknown
}

/** npm consul gives a pair when its context asks for the response. */
function answerOf(pair: unknown): ConsulAnswer {
  const [response, body] = Array.isArray(pair) ? (pair as readonly unknown[]) : []
  return { headers: isRecord(response) && isRecord(response['headers']) ? response['headers'] : {}, body }
}

/** Consul's filters have raw texts in backticks and no escapes: an id with a backtick is looked for in the whole list. */
const only = (field: string, id: string): object => (id.includes('`') ? {} : { filter: `${field} == \`${id}\`` })

const serviceWrite = (name: string): string => `service:write on "${name}"`

function definitionOf(found: Readonly<Record<string, unknown>>): ServiceDefinition {
  const text = (value: unknown): string => (typeof value === 'string' ? value : '')
  const meta = isRecord(found['Meta']) ? found['Meta'] : {}
  return {
    id: text(found['ID']),
    name: text(found['Service']),
    address: text(found['Address']),
    port: Number(found['Port'] ?? 0),
    tags: Array.isArray(found['Tags']) ? found['Tags'].map(text) : [],
    meta: Object.fromEntries(Object.entries(meta).map(([name, value]) => [name, text(value)])),
  }
}
