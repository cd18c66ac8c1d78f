import type { IncomingMessage, ServerResponse } from 'node:http'
import process from 'node:process'
import type { ControlSettings } from '../../config/control-settings.ts'
import { AgentError, codeOf } from '../../domain/errors.ts'
import type { Clock } from '../../engine/ports.ts'
import type { ReadModel } from '../../engine/snapshot.ts'
import type { Daemon } from '../../faces/supervisord/daemon.ts'
import { exchangeOf, replyOf, send, type Route } from '../../faces/supervisord/rpc/server/exchange.ts'
import { SupervisordHttpFace } from '../../faces/supervisord/rpc/server/http-face.ts'
import type { ServerLog } from '../../faces/supervisord/rpc/server/log.ts'
import { routesTo } from '../../faces/supervisord/rpc/servers.ts'
import { sendAnswer } from '../../http/answer.ts'
import { Gate } from '../../http/control/gate.ts'
import { hasKeys, type Role } from '../../http/control/keys.ts'
import { readersMayNot, Rest, restPrefix } from '../../http/control/rest.ts'
import type { Log, LogLine } from '../../log.ts'
import { withoutOrders } from './daemon-views.ts'
import { defaultSocket } from './socket-place.ts'
import { supervisorInterface } from './stream-daemon.ts'

export interface ControlParts {
  readonly settings: ControlSettings
  readonly clock: Clock
  readonly log: Log
  readonly model: ReadModel
  /** The daemon of now: a reload of a configuration file makes another one. */
  readonly daemon: () => Daemon
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>

/** Control of the agent: XML-RPC, REST and the page, on the unix socket and, with credentials, on HTTP_LISTEN. */
export class Control {
  readonly #parts: ControlParts
  readonly #log: ServerLog
  readonly #line: LogLine
  readonly #rest: Rest
  readonly #routes: Record<Role, { daemon: Daemon; routes: readonly Route[] } | null> = { read: null, operate: null }
  #socket: SupervisordHttpFace | null = null

  /** Answers a request on HTTP_LISTEN; null: without credentials nobody may. */
  readonly overHttp: Handler | null

  private constructor(parts: ControlParts) {
    this.#parts = parts
    const { settings, clock, log, model, daemon } = parts
    const line = (this.#line = log.module('control'))
    this.#log = (level, text) =>
      line(level === 'critical' ? 'error' : level === 'blather' ? 'trace' : level, text, { event: 'control.server' })
    this.#rest = new Rest({
      model,
      deeds: () => ({
        start: (name) => daemon().startProcess(name, { wait: true }),
        stop: (name) => daemon().stopProcess(name, { wait: true }),
        signal: (name, signal) => daemon().signalProcess(name, signal),
        reload: () => daemon().restart(),
        shutdown: () => daemon().shutdown(),
      }),
    })
    const gate = new Gate({
      keys: settings,
      now: () => clock.now(),
      refused: (level, text, address) => line(level, `refused: ${text}`, { event: 'control.refused', address }),
    })
    this.overHttp = hasKeys(settings) ? (request, response) => this.#guarded(gate, request, response) : null
  }

  /** Opens the socket. Raises UNAVAILABLE for one that was asked for and cannot be had; the default may be missing. */
  static async open(parts: ControlParts): Promise<Control> {
    const control = new Control(parts)
    const { socket } = parts.settings
    if (socket === null) return control
    try {
      control.#socket = await control.#listen(socket === 'default' ? defaultSocket() : socket.path)
    } catch (error) {
      if (!(error instanceof AgentError) || socket !== 'default') throw error
      const text = `${error.subject} (CONTROL_SOCKET names another place, or off)`
      control.#line('warn', text, { event: 'control.no-socket' })
    }
    return control
  }

  async close(): Promise<void> {
    await this.#socket?.close()
  }

  /** Whoever may open the file may do everything. */
  async #listen(file: string): Promise<SupervisordHttpFace> {
    const answer: Route['answer'] = (exchange) => {
      if (exchange.request.url?.startsWith(restPrefix) !== true) return replyOf(exchange, this.#routesFor('operate'))
      return this.#rest.handle(exchange.request, exchange.response, 'operate').then(() => null)
    }
    let isOpen = false
    const face = new SupervisordHttpFace({
      config: { family: 'unix', section: 'control', credentials: null, file, chmod: 0o600, chown: null },
      routes: [{ matches: () => true, answer }],
      // That it cannot be opened is told once, by whoever knows whether it matters.
      log: (level, text) => {
        if (isOpen || level !== 'critical') this.#log(level, text)
      },
      pid: process.pid,
    })
    try {
      await face.open()
      isOpen = true
    } catch (cause) {
      throw new AgentError('UNAVAILABLE', `cannot listen on the control socket ${file}: ${why(cause)}`, { cause })
    }
    this.#line('info', `control socket ${file}`, { event: 'control.socket', path: file })
    return face
  }

  async #guarded(gate: Gate, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const role = gate.admit(request)
    if (typeof role !== 'string') {
      sendAnswer(response, role)
      return
    }
    if (request.url?.startsWith(restPrefix) === true) {
      await this.#rest.handle(request, response, role)
      return
    }
    // supervisorctl keeps a connection and does not try again when it was closed meanwhile.
    response.setHeader('Connection', 'close')
    const exchange = exchangeOf(request, response)
    const reply = await replyOf(exchange, this.#routesFor(role))
    if (reply !== null) send(exchange, reply)
  }

  #routesFor(role: Role): readonly Route[] {
    const daemon = this.#parts.daemon()
    const known = this.#routes[role]
    if (known?.daemon === daemon) return known.routes
    const seen = role === 'operate' ? daemon : withoutOrders(daemon, 'FAILED', readersMayNot)
    const routes = routesTo({ interfaces: [supervisorInterface], daemon: seen, log: this.#log })
    this.#routes[role] = { daemon, routes }
    return routes
  }
}

/** The face tells everything in supervisord's words, which speak of ports. */
function why(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  if (codeOf(cause) === 'EADDRINUSE') return 'another agent has it'
  if (cause instanceof Error) return cause.message
  return error instanceof AgentError ? error.subject : String(error)
}
