// A server that answers from a table, a terminal that keeps what is written, and a session between them.
import { RpcFault } from '../../../../src/faces/supervisord/ctl/faults.ts'
import type { Server, Target } from '../../../../src/faces/supervisord/ctl/server.ts'
import { Session } from '../../../../src/faces/supervisord/ctl/session.ts'
import type { Terminal } from '../../../../src/faces/supervisord/ctl/terminal.ts'
import type { XmlRpcStruct, XmlRpcValue } from '../../../../src/wire/xmlrpc/values.ts'

type Answer = XmlRpcValue | Error | ((...params: readonly XmlRpcValue[]) => XmlRpcValue | Promise<XmlRpcValue>)

/** By the method's name without `supervisor.`; getVersion is there unless another is given. */
export type Answers = Readonly<Record<string, Answer>>

export interface Rig {
  readonly session: Session
  readonly terminal: Terminal & { output: string; errors: string; readonly questions: string[] }
  /** `method(params as JSON)`, getVersion left out. */
  readonly calls: string[]
  readonly targets: Target[]
}

export interface RigOptions {
  readonly answers?: Answers
  /** Answers to questions, in order; then the input has ended. */
  readonly typed?: readonly string[]
  readonly interactive?: boolean
  readonly json?: boolean
}

const target: Target = { serverurl: 'unix:///run/x.sock', username: null, password: null }

export function rig({ answers = {}, typed = [], interactive = false, json = false }: RigOptions = {}): Rig {
  const calls: string[] = []
  const targets: Target[] = []
  const lines = [...typed]
  const terminal = {
    output: '',
    errors: '',
    questions: [] as string[],
    isTerminal: false,
    history: [],
    write: (text: string | Uint8Array) => void (terminal.output += Buffer.from(text).toString()),
    writeError: (text: string) => void (terminal.errors += text),
    ask: (question: string) => {
      terminal.questions.push(question)
      return Promise.resolve(lines.shift() ?? null)
    },
    onInterrupt: () => () => undefined,
  }
  const server: Server = {
    async call(name, params) {
      const method = name.replace(/^supervisor\./, '')
      const answer = answers[method] ?? (method === 'getVersion' ? '3.0' : new RpcFault(1, 'UNKNOWN_METHOD'))
      if (method !== 'getVersion') calls.push(`${method}(${params.map((param) => JSON.stringify(param)).join(',')})`)
      if (answer instanceof Error) throw answer
      return typeof answer === 'function' ? answer(...params) : answer
    },
    follow: (path, take) => {
      take(Buffer.from(`bytes of ${path}\n`))
      return Promise.resolve()
    },
    close: () => undefined,
  }
  const connect = (to: Target): Server => {
    targets.push(to)
    return server
  }
  return { session: new Session({ target, terminal, interactive, json, connect }), terminal, calls, targets }
}

const states = { STOPPED: 0, RUNNING: 20, FATAL: 200 } as const

/** As `status` needs it; `of` is `group:name` or `name`. */
export function info(of: string, statename: keyof typeof states = 'RUNNING', pid = 7): XmlRpcStruct {
  const [group = '', name = group] = of.split(':')
  return { group, name, state: states[statename], statename, description: `about ${of}`, pid }
}
