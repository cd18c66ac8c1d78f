// Reads every variable of the table once; a problem with one keeps none of the others from being read.
import envVar from 'env-var'
import type { Machine } from './machine.ts'
import type { Problem } from './problem.ts'
import { masked, reason } from './problem.ts'
import type { ValueType } from './types.ts'
import type { Values, VariableName } from './variables.ts'
import { laterVariables, variableList } from './variables.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Where a value comes from. */
export type Origin = 'default' | 'environment' | 'file' | 'command line'

export interface Reading {
  readonly values: Values
  /**
   * The text behind each value that is set, with its origin; a variable that is not set has no entry, one whose file
   * cannot be read has an empty text, so that no other rule calls it missing.
   */
  readonly set: ReadonlyMap<VariableName, { readonly raw: string; readonly origin: Origin }>
  readonly problems: readonly Problem[]
  readonly warnings: readonly string[]
}

/**
 * Reads the table from `environment`, and secrets also from the files their `_FILE` forms name. An empty text counts as
 * unset. A variable with a problem is in `set`, and has its default (else null) in `values`.
 */
export function readVariables(environment: Environment, machine: Machine): Reading {
  const problems: Problem[] = []
  const set = new Map<VariableName, { raw: string; origin: Origin }>()
  const values: Partial<Record<VariableName, unknown>> = {}
  const marked: string[] = []
  const texts: Partial<Record<VariableName, string>> = {}
  const reader = envVar.from(texts, { as: (raw: string, { parse }: ValueType<unknown>) => parse(raw) })
  for (const [name, { type, secrecy, default: byDefault }] of variableList) {
    const found = textOf(name, environment, machine, problems)
    const raw = found?.raw ?? ''
    if (found !== null) set.set(name, found)
    if (raw !== '') texts[name] = raw
    const marks = strayMarks(raw)
    const variable = byDefault === null ? reader.get(name) : reader.get(name).default(byDefault)
    try {
      values[name] = variable.as(type) ?? null
      // What trims its text has the blanks off already.
      const isKept = marks === QUOTES || values[name] === raw
      if (marks !== null && isKept) marked.push(`${name} has ${marks}, and they are part of the value`)
    } catch (error) {
      const expected = expectation(error, name) + (marks === null ? '' : `; it has ${marks}`)
      problems.push({ name, value: masked(raw, secrecy), expected })
      values[name] = byDefault === null ? null : type.parse(byDefault)
    }
  }
  const later = Object.keys(laterVariables)
    .filter((name) => isSet(environment, name))
    .map((name) => `${name} is not supported by this version and has no effect`)
  const warnings = [...later, ...marked]
  // Each entry was made by the parser of its own line, which is what Values says.
  return { values: values as Values, set, problems, warnings }
}

const QUOTES = 'quotes around it'
const BLANKS = 'blanks around it'

/** What got into a text on its way, of which a shell would have taken the quotes: `docker --env-file` does not. */
function strayMarks(raw: string): string | null {
  if (/^(["']).*\1$/s.test(raw) && raw.length > 1) return QUOTES
  return /^\s|\s$/.test(raw) ? BLANKS : null
}

/** The variables that have a `_FILE` form, by the name of that form. */
export const fileForms: ReadonlyMap<string, string> = new Map([
  ...variableList
    .filter(([, variable]) => variable.secrecy === 'value' || variable.secrecy === 'credentials')
    .map(([name]) => [`${name}_FILE`, name] as const),
  ...Object.entries(laterVariables)
    .filter(([, secret]) => secret)
    .map(([name]) => [`${name}_FILE`, name] as const),
])

const isSet = (environment: Environment, name: string): boolean => (environment[name] ?? '') !== ''

function textOf(
  name: VariableName,
  environment: Environment,
  machine: Machine,
  problems: Problem[],
): { raw: string; origin: Origin } | null {
  const raw = isSet(environment, name) ? (environment[name] ?? '') : null
  const path = fileForms.has(`${name}_FILE`) ? (environment[`${name}_FILE`] ?? '') : ''
  if (path === '') return raw === null ? null : { raw, origin: 'environment' }
  const refuse = (expected: string): { raw: string; origin: Origin } => {
    problems.push({ name: `${name}_FILE`, value: path, expected })
    return { raw: '', origin: 'file' }
  }
  if (raw !== null) return refuse(`should not be set together with ${name}`)
  try {
    const content = machine.read(path).replace(/\r?\n$/, '')
    return content === '' ? refuse('should name a file that is not empty') : { raw: content, origin: 'file' }
  } catch (error) {
    return refuse(`should name a file that can be read (${reason(error)})`)
  }
}

/** env-var puts the name before the message of the parser; a Problem has it apart. */
const expectation = (error: unknown, name: string): string => {
  if (!(error instanceof Error)) throw error
  return error.message.replace(`env-var: "${name}" `, '')
}
