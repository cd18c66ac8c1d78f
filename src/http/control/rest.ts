import type { IncomingMessage, ServerResponse } from 'node:http'
import { AgentError, type ErrorCode } from '../../domain/errors.ts'
import { namespec } from '../../domain/process/spec.ts'
import type { ReadModel } from '../../engine/snapshot.ts'
import { hasBody, json, sendAnswer, type Answer } from '../answer.ts'
import { status } from '../status.ts'
import type { Role } from './keys.ts'

/** What can be done from outside. Each raises, or rejects with, an AgentError. */
export interface Deeds {
  /** Resolves when it is RUNNING. */
  start(namespec: string): Promise<void>
  /** Resolves when it is settled. */
  stop(namespec: string): Promise<void>
  /** The child alone; `signal` is a name with or without SIG, or a number. */
  signal(namespec: string, signal: string): void
  /** As SIGHUP. */
  reload(): void
  /** As SIGTERM. */
  shutdown(): void
}

export interface RestOptions {
  readonly model: ReadModel
  readonly deeds: () => Deeds
}

type Handler = (name: string, query: URLSearchParams) => Answer | Promise<Answer>

/** What an order with the credentials of a reader is answered. */
export const readersMayNot = 'these credentials may look, and change nothing'

export const restPrefix = '/api/'

/** `/api/v1`: JSON for programs and for curl. Everything is in the path; a body is never read. */
export class Rest {
  readonly #model: ReadModel
  readonly #deeds: () => Deeds
  readonly #questions: Readonly<Record<string, Handler>> = {
    '/api/v1/status': () => json(200, status(this.#model)),
    '/api/v1/processes': () => json(200, this.#model.snapshot().processes),
    '/api/v1/events': (_, query) => this.#events(query.get('since')),
  }
  readonly #orders: Readonly<Record<string, Handler>> = {
    '/api/v1/reload': () => this.#told((deeds) => deeds.reload()),
    '/api/v1/shutdown': () => this.#told((deeds) => deeds.shutdown()),
  }
  readonly #processOrders: Readonly<Record<string, Handler>> = {
    start: (name) => this.#done(name, (deeds) => deeds.start(name)),
    stop: (name) => this.#done(name, (deeds) => deeds.stop(name)),
    restart: (name) => this.#done(name, (deeds) => restart(deeds, name)),
    signal: (name, query) => this.#done(name, (deeds) => deeds.signal(name, signalOf(query))),
  }

  constructor({ model, deeds }: RestOptions) {
    this.#model = model
    this.#deeds = deeds
  }

  /** Answers a request whose path begins with `restPrefix`. */
  async handle(request: IncomingMessage, response: ServerResponse, role: Role): Promise<void> {
    if (hasBody(request)) response.setHeader('Connection', 'close')
    sendAnswer(response, await this.#answer(request.method ?? '', request.url ?? '', role))
  }

  async #answer(method: string, url: string, role: Role): Promise<Answer> {
    const [path = '', query = ''] = url.split('?', 2)
    const { name, handler, isOrder } = this.#find(path)
    if (handler === undefined) return json(404, { error: 'no such path', code: 'UNKNOWN_METHOD' })
    const allowed = isOrder ? ['POST'] : ['GET', 'HEAD']
    if (!allowed.includes(method)) {
      return json(405, { error: `only ${allowed.join(' and ')}` }, { Allow: allowed.join(', ') })
    }
    if (isOrder && role !== 'operate') return json(403, { error: readersMayNot })
    try {
      return await handler(name, new URLSearchParams(query))
    } catch (error) {
      if (!(error instanceof AgentError)) throw error
      return json(statusOf[error.code], { error: error.message, code: error.code })
    }
  }

  #find(path: string): { name: string; handler: Handler | undefined; isOrder: boolean } {
    if (Object.hasOwn(this.#questions, path)) return { name: '', handler: this.#questions[path], isOrder: false }
    if (Object.hasOwn(this.#orders, path)) return { name: '', handler: this.#orders[path], isOrder: true }
    const [, rawName, order] = /^\/api\/v1\/processes\/([^/]+)(?:\/([a-z]+))?$/.exec(path) ?? []
    const name = rawName === undefined ? null : decoded(rawName)
    if (name === null) return { name: '', handler: undefined, isOrder: false }
    if (order === undefined) return { name, handler: () => this.#process(name), isOrder: false }
    const handler = Object.hasOwn(this.#processOrders, order) ? this.#processOrders[order] : undefined
    return { name, handler, isOrder: true }
  }

  #process(name: string): Answer {
    const found = this.#model.snapshot().processes.find((process) => namespec(process) === name)
    if (found === undefined) throw new AgentError('BAD_NAME', name)
    return json(200, found)
  }

  #events(since: string | null): Answer {
    if (since !== null && !/^\d{1,15}$/.test(since)) throw new AgentError('BAD_ARGUMENTS', 'since should be a number')
    return json(200, this.#model.since(Number(since ?? 0)))
  }

  async #done(name: string, order: (deeds: Deeds) => void | Promise<void>): Promise<Answer> {
    await order(this.#deeds())
    return this.#process(name)
  }

  /** What ends or changes the agent itself goes on after the answer. */
  #told(order: (deeds: Deeds) => void): Answer {
    order(this.#deeds())
    return json(202, { status: 'accepted' })
  }
}

function signalOf(query: URLSearchParams): string {
  const signal = query.get('name') ?? ''
  if (signal === '')
    throw new AgentError('BAD_ARGUMENTS', 'the path should end with ?name= and a signal, such as ?name=HUP')
  return signal
}

async function restart(deeds: Deeds, name: string): Promise<void> {
  try {
    await deeds.stop(name)
  } catch (error) {
    if (!(error instanceof AgentError && error.code === 'NOT_RUNNING')) throw error
  }
  await deeds.start(name)
}

/** Null where percent signs are not followed by UTF-8. */
function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

const statusOf = {
  UNKNOWN_METHOD: 404,
  INCORRECT_PARAMETERS: 400,
  BAD_ARGUMENTS: 400,
  SIGNATURE_UNSUPPORTED: 400,
  BAD_NAME: 404,
  BAD_SIGNAL: 400,
  NO_FILE: 422,
  NOT_EXECUTABLE: 422,
  FAILED: 500,
  ABNORMAL_TERMINATION: 500,
  SPAWN_ERROR: 500,
  ALREADY_STARTED: 409,
  NOT_RUNNING: 409,
  SHUTDOWN_STATE: 503,
  ALREADY_ADDED: 409,
  STILL_RUNNING: 409,
  CANT_REREAD: 422,
  BAD_CONFIGURATION: 422,
  BAD_USAGE: 400,
  UNAVAILABLE: 503,
} as const satisfies Record<ErrorCode, number>
