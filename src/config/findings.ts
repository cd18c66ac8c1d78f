// Where the cross-field rules look things up and put what they find.
import type { Machine } from './machine.ts'
import type { Problem } from './problem.ts'
import { masked, reason } from './problem.ts'
import type { Environment, Reading } from './read.ts'
import type { Values, VariableName } from './variables.ts'
import { variables } from './variables.ts'

/** What the command line says about the Calculator and the streams. */
export interface Flags {
  readonly bin?: string
  readonly args?: readonly string[]
  /** A file, or `-` for the agent's own stdin. */
  readonly in?: string
  readonly out?: string
}

/** What RUN_DOCUMENT_ALLOW can leave to the run document. */
export type Adjustable = Values['RUN_DOCUMENT_ALLOW'][number]

/** The variables that name a PEM file. */
export type PemVariable =
  `KAFKA_TLS_${'CA' | 'CERT' | 'KEY'}_FILE` | 'CONSUL_CACERT' | `CONSUL_CLIENT_${'CERT' | 'KEY'}`

/** A rule reports and goes on, so that one start tells everything. */
export class Findings {
  readonly values: Values
  readonly flags: Flags
  readonly environment: Environment
  readonly machine: Machine
  readonly problems: Problem[]
  readonly warnings: string[]
  readonly #set: Reading['set']

  constructor(reading: Reading, flags: Flags, environment: Environment, machine: Machine) {
    this.values = reading.values
    this.flags = flags
    this.environment = environment
    this.machine = machine
    this.problems = [...reading.problems]
    this.warnings = [...reading.warnings]
    this.#set = reading.set
  }

  /** Set, be it to something that is wrong. */
  isSet(name: VariableName): boolean {
    return this.#set.has(name)
  }

  /** The run document may still change it: then it is judged with the document (agent/obstacle.ts). */
  mayCome(what: Adjustable): boolean {
    return this.isSet('CONSUL_DSN') && this.values.RUN_DOCUMENT_ALLOW.includes(what)
  }

  /** `expected` reads on from the name and the value: `should be …`, `is needed …`. */
  problem(name: VariableName, expected: string): void {
    const raw = this.#set.get(name)?.raw
    this.problems.push({ name, value: raw === undefined ? null : masked(raw, variables[name].secrecy), expected })
  }

  warn(text: string): void {
    this.warnings.push(text)
  }

  /** The PEM text in the file that a variable names; undefined when it is not set, or was reported. */
  pem(name: PemVariable): string | undefined {
    const path = this.values[name]
    if (path === null) return undefined
    try {
      const content = this.machine.read(path)
      if (content.includes('-----BEGIN ')) return content
      this.problem(name, 'should name a PEM file, which has a line "-----BEGIN …"')
    } catch (error) {
      this.problem(name, `should name a file that can be read (${reason(error)})`)
    }
    return undefined
  }
}
