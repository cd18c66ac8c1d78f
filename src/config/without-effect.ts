// What is set and does nothing beside the rest: nothing is wrong with it, but somebody counts on it.
import { childEnvironment } from './child-environment.ts'
import type { Config } from './config.ts'
import type { Findings } from './findings.ts'
import { memoryLimit } from './memory.ts'
import type { VariableName } from './variables.ts'

/** What the run document may still change is left to it. */
export function warnOfIdle(findings: Findings, config: Config): void {
  const { values } = findings
  const idle = (name: VariableName, why: string): void => {
    if (findings.isSet(name)) findings.warn(`${name} without effect: ${why}`)
  }
  const { protocol } = config.streams
  if (!findings.mayCome('calculator')) {
    if (protocol === 'source') idle('INPUT_TOPICS', 'with PROTOCOL=source nothing is read')
    if (values.CHILD_CONTROL?.includes('ack') === true && protocol !== 'sink') {
      findings.warn(`CHILD_CONTROL=ack without effect: with PROTOCOL=${protocol} answers are lines of stdout`)
    }
  }
  if (!findings.mayCome('streams') && values.OUTPUT_FORMAT === 'raw' && values.OUTPUT_JSON) {
    idle('OUTPUT_JSON', 'with OUTPUT_FORMAT=raw lines are sent as they are')
  }
  if (values.EXIT_ON === 'fatal' && values.CALCULATOR_STARTRETRIES < 0) {
    const cure = 'set it to how many failed starts are too many, or take EXIT_ON=exit'
    findings.warn(`EXIT_ON=fatal without effect: with CALCULATOR_STARTRETRIES=-1 starts are tried for ever; ${cure}`)
  }
  warnOfWithheld(findings)
  warnOfMemory(findings, config)
}

function warnOfWithheld({ values, environment, warnings }: Findings): void {
  const asked = (values.CHILD_ENV ?? []).filter((name) => (environment[name] ?? '') !== '')
  const given = childEnvironment(environment, asked)
  const kept = asked.filter((name) => !Object.hasOwn(given, name))
  if (kept.length > 0) warnings.push(`CHILD_ENV names ${kept.join(', ')}: a secret of the agent, which no program gets`)
}

function warnOfMemory({ machine, warnings }: Findings, { limits }: Config): void {
  const memory = memoryLimit(machine)
  if (memory === null) return
  for (const [name, bytes] of [
    ['BUFFER_BYTES', limits.bufferBytes],
    ['MAX_LINE', limits.maxLine],
  ] as const) {
    if (bytes <= memory / 2) continue
    warnings.push(`${name} is ${mebi(bytes)}, and the container has ${mebi(memory)}: it will run out of memory`)
  }
}

const mebi = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`
