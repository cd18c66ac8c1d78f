// One method of a namespace: what it says of itself, and the call with its arguments checked.
import { encodeValue } from '../../../wire/xmlrpc/encode.ts'
import type { XmlRpcValue } from '../../../wire/xmlrpc/values.ts'
import { fault } from './faults.ts'
import type { Parameter, WireType } from './parameters.ts'

/** A value that was encoded where it was made; `xml` is what encodeValue gives. */
export class EncodedValue {
  readonly xml: string

  constructor(xml: string) {
    this.xml = xml
  }
}

export type Answer = XmlRpcValue | EncodedValue

/** An answer as XML. */
export const encodeAnswer = (answer: Answer): string =>
  answer instanceof EncodedValue ? answer.xml : encodeValue(answer)

export interface Method {
  /** Sentences, then a line for each parameter and for the result, as system.methodHelp gives them. */
  readonly help: string
  /** Type of the result, then of each parameter. */
  readonly signature: readonly WireType[]
  /** Raises, or rejects with, an AgentError. A promise is an answer that comes later: others are served meanwhile. */
  call(params: readonly XmlRpcValue[]): Answer | Promise<Answer>
}

/** Methods by name, in one namespace: `supervisor.x` is `x` of `supervisor`. */
export type Namespace = ReadonlyMap<string, Method>

type Values<P extends readonly Parameter<unknown>[]> = {
  [K in keyof P]: P[K] extends Parameter<infer T> ? T : never
}

export interface Definition<P extends readonly Parameter<unknown>[]> {
  readonly about: string
  readonly params: P
  readonly returns: { readonly type: WireType; readonly text: string }
  /** Asked after the number of arguments is known to be right, before any is read; raises to refuse. */
  readonly admit?: () => void
  readonly call: (...values: Values<P>) => Answer | Promise<Answer>
}

/** A method from its description: parameters are counted, read and checked before it is called. */
export function method<const P extends readonly Parameter<unknown>[]>(definition: Definition<P>): Method {
  const { about, params, returns, admit, call } = definition
  const least = params.filter((parameter) => !('otherwise' in parameter)).length
  const lines = [
    ...params.map(({ type, name, text }) => `@param ${type} ${name} ${text}`),
    `@return ${returns.type} result ${returns.text}`,
  ]
  return {
    help: ` ${about}\n\n${lines.map((line) => `        ${line}`).join('\n')}\n`,
    signature: [returns.type, ...params.map(({ type }) => type)],
    call(given) {
      if (given.length < least || given.length > params.length) throw fault('INCORRECT_PARAMETERS')
      admit?.()
      const values = params.map((parameter, index) => {
        const value = given[index]
        return value === undefined ? parameter.otherwise : parameter.read(value)
      })
      return call(...(values as Values<P>))
    },
  }
}
