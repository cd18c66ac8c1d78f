import type { Millis } from '../domain/time.ts'
import {
  ConsulCalls,
  type AfterResponse,
  type CallOptions,
  type ConsulAnswer,
  type ConsulCredentials,
  type ConsulOptions,
  type RawConsul,
} from './calls.ts'
import { ConsulError, isRecord } from './errors.ts'
import { kvAnswer, type KvAnswer } from './kv-answer.ts'

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

/** How much longer than its own `wait` a blocking query may take, besides Consul's jitter of wait/16. */
const SLACK: Millis = 2_000

/** What is said to Consul: the service and its checks, keys, and whatever else is asked. */
export class ConsulClient {
  readonly #calls: ConsulCalls

  constructor(options: ConsulOptions) {
    this.#calls = new ConsulCalls(options)
  }

  /** For messages: scheme, host and port. */
  get address(): string {
    return this.#calls.address
  }

  /** From now on with these. What is under way breaks off, and is asked once more with them. */
  renew(credentials: ConsulCredentials): void {
    this.#calls.renew(credentials)
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
    await this.#calls.make(attempt, options, (raw, common) => raw.agent.service.register({ ...definition, ...common }))
  }

  /** A service that is not there is no error. */
  async deregister(service: Pick<ServiceDefinition, 'id' | 'name'>, options?: CallOptions): Promise<void> {
    const attempt = { action: `deregister the service "${service.name}"`, right: serviceWrite(service.name) }
    try {
      await this.#calls.make(attempt, options, (raw, common) =>
        raw.agent.service.deregister({ id: service.id, ...common }),
      )
    } catch (error) {
      if (!(error instanceof ConsulError && error.status === 404)) throw error
    }
  }

  /** Sets state and output of a TTL check; status 404 says that Consul does not know it. */
  async report(id: string, status: CheckStatus, output: string, options?: CallOptions): Promise<void> {
    const attempt = { action: `update the check "${id}"`, right: 'service:write on its service' }
    const send = (raw: RawConsul, common: object): Promise<unknown> => {
      const { check } = raw.agent
      const update = { id, note: output.toWellFormed(), ...common }
      if (status === 'passing') return check.pass(update)
      return status === 'warning' ? check.warn(update) : check.fail(update)
    }
    await this.#calls.make(attempt, options, send)
  }

  /** The service as the Consul agent has it, with the ids of its checks; null if it is not there, or may not be read. */
  async registered(
    id: string,
    options?: CallOptions,
  ): Promise<{ readonly service: ServiceDefinition; readonly checks: ReadonlySet<string> } | null> {
    const attempt = { action: 'read back the registration', right: 'service:read' }
    const services = await this.#calls.make(attempt, options, (raw, common) =>
      raw.agent.service.list({ ...only('ID', id), ...common }),
    )
    const found = isRecord(services.body) ? services.body[id] : undefined
    if (!isRecord(found)) return null
    const checks = await this.#calls.make(attempt, options, (raw, common) =>
      raw.agent.check.list({ ...only('ServiceID', id), ...common }),
    )
    const own = Object.entries(isRecord(checks.body) ? checks.body : {})
      .filter(([, shown]) => isRecord(shown) && shown['ServiceID'] === id)
      .map(([checkId]) => checkId)
    return { service: definitionOf(found), checks: new Set(own) }
  }

  /** The value of a key now. */
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
    return this.#calls.make({ action: `ask ${path}`, right: null }, options, async (raw, common) => {
      const whole = { name: path, path, ...request, ...common }
      return body === undefined ? raw._get(whole) : raw._post(whole)
    })
  }

  /** Breaks what is under way and frees the connections. */
  close(): void {
    this.#calls.close()
  }

  async #readKey(key: string, query: object, options?: CallOptions): Promise<KvAnswer> {
    const attempt = { action: `read the key "${key}"`, right: `key:read on "${key}"` }
    const found = kvAnswer(
      await this.#calls.make(attempt, options, (raw, common) =>
        raw._get({ name: 'kv.get', path: '/kv/{key}', params: { key }, query, ...common }, orMissing),
      ),
    )
    if (typeof found !== 'string') return found
    throw new ConsulError(
      `cannot ${attempt.action} in Consul at ${this.address}: the answer is none of Consul's: ${found}`,
      null,
    )
  }
}

/** That there is no such thing is an answer. */
const orMissing: AfterResponse = ({ res }, next) => {
  if (res?.statusCode === 404) next(false, undefined, res)
  else next()
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
