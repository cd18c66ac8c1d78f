// The Calculator: what is started, with which environment, and how it is kept alive.
import type { Millis } from '../domain/time.ts'
import { childEnvironment } from './child-environment.ts'
import type { Findings } from './findings.ts'
import { lineBuffering } from './line-buffering.ts'
import { programFault } from './program-file.ts'
import { programFile, programProblem } from './program.ts'
import type { Values } from './variables.ts'

/** Fields are named, and mean, as in supervisord. */
export interface CalculatorSettings {
  readonly group: string
  readonly autorestart: Values['CALCULATOR_AUTORESTART']
  /** Seconds. */
  readonly startsecs: number
  /** -1: for ever. */
  readonly startretries: number
  readonly backoffMaxMs: Millis
  readonly exitcodes: readonly number[]
  readonly exitOn: Values['EXIT_ON']
  /** The whole environment of the Calculator, before what the run document adds. */
  readonly childEnvironment: Readonly<Record<string, string>>
  /** null: it gets no control channel. */
  readonly control: { readonly awaitsReady: boolean; readonly acks: boolean; readonly notify: boolean } | null
  readonly stdout: Values['CHILD_STDOUT']
  /** With CHILD_STDOUT=line: the library to preload; else null. */
  readonly stdbufLibrary: string | null
}

/** `--bin`, which wins, or PROGRAM; null when neither is given. */
export const programOf = ({ values, flags }: Findings): string | null => flags.bin ?? values.PROGRAM

/** Checks also that the program is there and may be executed. */
export function calculatorSettings(findings: Findings): CalculatorSettings {
  const { values, environment } = findings
  checkProgram(findings)
  return {
    group: values.CALCULATOR_GROUP,
    autorestart: values.CALCULATOR_AUTORESTART,
    startsecs: values.CALCULATOR_STARTSECS / 1000,
    startretries: values.CALCULATOR_STARTRETRIES,
    backoffMaxMs: values.CALCULATOR_BACKOFF_MAX,
    exitcodes: values.CALCULATOR_EXITCODES,
    exitOn: values.EXIT_ON,
    childEnvironment: childEnvironment(environment, values.CHILD_ENV),
    control: controlOf(values.CHILD_CONTROL),
    stdout: values.CHILD_STDOUT,
    stdbufLibrary: values.CHILD_STDOUT === 'line' ? lineBuffering(findings) : null,
  }
}

function checkProgram(findings: Findings): void {
  const { environment, machine, flags } = findings
  const program = programOf(findings)
  if (program === null) return
  const path = environment['PATH']
  const wrong = programProblem(program, path, machine)
  if (wrong !== null && flags.bin !== undefined)
    findings.problems.push({ name: '--bin', value: flags.bin, expected: wrong })
  if (wrong !== null && flags.bin === undefined) findings.problem('PROGRAM', wrong)
  // A warning: an emulator may start what this machine cannot, and an interpreter may still come.
  const fault = wrong === null ? programFault(programFile(program, path, machine), path, machine) : null
  if (fault !== null) findings.warn(`${flags.bin === undefined ? 'PROGRAM' : '--bin'}=${program} ${fault}`)
}

/** `words` null: not set; empty: `none`. */
function controlOf(words: Values['CHILD_CONTROL']): CalculatorSettings['control'] {
  if (words?.length === 0) return null
  const has = (word: 'ready' | 'ack' | 'notify'): boolean => words?.includes(word) ?? false
  return { awaitsReady: has('ready'), acks: has('ack'), notify: has('notify') }
}
