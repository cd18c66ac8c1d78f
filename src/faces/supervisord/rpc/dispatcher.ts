import type { XmlRpcValue } from '../../../wire/xmlrpc/values.ts'
import { fault } from './faults.ts'
import type { Answer, Method, Namespace } from './method.ts'
import type { ServerLog } from './server/log.ts'
import { systemNamespace } from './system.ts'

/** From a method's full name to its answer. */
export class Dispatcher {
  readonly log: ServerLog
  readonly #namespaces: ReadonlyMap<string, Namespace>

  /** `system` is added to the namespaces. */
  constructor(namespaces: ReadonlyMap<string, Namespace>, log: ServerLog) {
    this.log = log
    this.#namespaces = new Map([...namespaces, ['system', systemNamespace(this)]])
  }

  /** Raises, or rejects with, an AgentError; UNKNOWN_METHOD where there is none of that name. */
  call(fullName: string, params: readonly XmlRpcValue[]): Answer | Promise<Answer> {
    const method = this.method(fullName)
    if (method === null) throw fault('UNKNOWN_METHOD')
    return method.call(params)
  }

  method(fullName: string): Method | null {
    const [namespace = '', name = '', ...rest] = fullName.split('.')
    return rest.length > 0 ? null : (this.#namespaces.get(namespace)?.get(name) ?? null)
  }

  /** Full names of all methods, sorted. */
  names(): string[] {
    return [...this.#namespaces].flatMap(([name, methods]) => [...methods.keys()].map((key) => `${name}.${key}`)).sort()
  }
}
