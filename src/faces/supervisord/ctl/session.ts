import { systemCode } from '../../../domain/errors.ts'
import type { XmlRpcValue } from '../../../wire/xmlrpc/values.ts'
import { asText } from './answers.ts'
import { fault, HttpRefusal, isFault, RpcFault } from './faults.ts'
import { exit } from './result-texts.ts'
import { connect, type Server, type Target } from './server.ts'
import type { Terminal } from './terminal.ts'

/** A thing said: as a line for people, and as a value for programs. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

const API_VERSION = '3.0'
const NOT_FOUND = 404

/** What to do; `isHttp`: another server answers at this url, or one that gives nobody control. */
export type Unanswered = (serverurl: string, isHttp: boolean) => string

export interface SessionOptions {
  readonly target: Target
  readonly terminal: Terminal
  /** Confirmations and passwords are asked for. */
  readonly interactive: boolean
  readonly json: boolean
  /** What a person is told besides, once, where nobody of our protocol answers. */
  readonly unanswered?: Unanswered | undefined
  /** Opens a connection; the default speaks HTTP. */
  readonly connect?: (target: Target) => Server
}

/** One run of the client: the server it speaks to, what it has said so far, and the exit code that results. */
export class Session {
  readonly terminal: Terminal
  readonly interactive: boolean
  exitStatus: number = exit.success
  readonly #json: boolean
  readonly #connect: (target: Target) => Server
  #unanswered: Unanswered | undefined
  #said: Json[] = []
  #target: Target
  #server: Server | null = null

  constructor({ target, terminal, interactive, json, unanswered, connect: open = connect }: SessionOptions) {
    this.#target = target
    this.terminal = terminal
    this.interactive = interactive
    this.#json = json
    this.#unanswered = unanswered
    this.#connect = open
  }

  get target(): Target {
    return this.#target
  }

  set target(target: Target) {
    this.close()
    this.#target = target
  }

  /** @param value what a program gets in the line's place */
  say(line: string, value: Json = { message: line }): void {
    if (this.#json) this.#said.push(value)
    else this.terminal.write(`${line}\n`)
  }

  /** Says something that went wrong; the code replaces an earlier one (supervisord: the last one wins). */
  fail(line: string, exitStatus: number, value: Json = { error: line }): void {
    this.exitStatus = exitStatus
    this.say(line, value)
  }

  /** With `--json`: everything said since the last time, as one line. */
  flush(command: string): void {
    if (!this.#json) return
    const results = this.#said
    this.#said = []
    this.terminal.write(`${JSON.stringify({ command, exitCode: this.exitStatus, results })}\n`)
  }

  /** A method of the namespace `supervisor`. Raises as Server.call does. */
  call(method: string, ...params: readonly XmlRpcValue[]): Promise<XmlRpcValue> {
    return this.server().call(`supervisor.${method}`, params)
  }

  server(): Server {
    return (this.#server ??= this.#connect(this.#target))
  }

  close(): void {
    this.#server?.close()
    this.#server = null
  }

  /**
   * Whether a server of our protocol is there; says so if not (supervisord: Controller.upcheck). What it cannot explain
   * is raised.
   */
  async isUp(): Promise<boolean> {
    try {
      const version = asText(await this.call('getVersion'), 'getVersion')
      if (version === API_VERSION) return true
      const expects = `this version of supervisorctl expects to talk to a server with API version ${API_VERSION}`
      this.fail(`Sorry, ${expects}, but the remote version is ${version}.`, exit.notInstalled)
    } catch (error) {
      if (isFault(error, fault.UNKNOWN_METHOD)) this.fail(noNamespace, exit.unimplemented)
      else if (!(error instanceof RpcFault) && systemCode(error) === 'ECONNREFUSED') {
        this.#noAnswer('refused connection', exit.insufficientPrivileges)
      } else if (systemCode(error) === 'ENOENT') {
        this.#noAnswer('no such file', exit.notRunning)
      } else {
        this.exitStatus = exit.generic
        if (error instanceof HttpRefusal && error.status === NOT_FOUND) this.#advise(true)
        throw error
      }
    }
    return false
  }

  #noAnswer(words: string, exitStatus: number): void {
    const { serverurl } = this.#target
    this.fail(`${serverurl} ${words}`, exitStatus)
    this.#advise(false)
  }

  #advise(isHttp: boolean): void {
    if (this.#unanswered) this.terminal.writeError(`${this.#unanswered(this.#target.serverurl, isHttp)}\n`)
    this.#unanswered = undefined
  }
}

const noNamespace =
  'Sorry, supervisord responded but did not recognize the supervisor namespace commands that supervisorctl uses to ' +
  'control it.  Please check that the [rpcinterface:supervisor] section is enabled in the configuration file ' +
  '(see sample.conf).'
