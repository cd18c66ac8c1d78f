// Starts the Calculator once, as the agent would, feeds it nothing, and ends it again.
import type { Config } from '../../config/config.ts'
import { AgentError } from '../../domain/errors.ts'
import { ok, problem, warning, type Finding } from '../../domain/finding.ts'
import { namespec, type ProgramSpec, type StopStep } from '../../domain/process/spec.ts'
import type { ExitStatus } from '../../domain/process/state.ts'
import type { StreamSettings } from '../../domain/stream/settings.ts'
import type { Millis } from '../../domain/time.ts'
import type { Child, Clock, Spawner } from '../../engine/ports.ts'
import { within } from '../../engine/waiting.ts'
import { calculatorProgram } from '../program.ts'

/** How long it must live to count as started. */
const LEAST: Millis = 1_000
const MOST: Millis = 5_000
/** A stop that takes longer than its steps is cut short by SIGKILL; this is for what the kernel still has to do. */
const AFTER_KILL: Millis = 2_000

const check = 'calculator.start'

export interface CalculatorProbe {
  readonly spawner: Spawner
  readonly clock: Clock
  /** Calls `leave` where we end in the midst of it, until what it returns is called. */
  readonly onLeave: (leave: () => void) => () => void
}

/** Never rejects but for a bug. */
export async function examineCalculator(
  config: Config,
  settings: StreamSettings,
  { spawner, clock, onLeave }: CalculatorProbe,
): Promise<Finding[]> {
  const spec = calculatorProgram(config, settings, 0, null)
  const subject = subjectOf(spec)
  const exit = Promise.withResolvers<ExitStatus>()
  let child: Child
  try {
    child = spawner.spawn(spec, exit.resolve)
  } catch (error) {
    if (!(error instanceof AgentError)) throw error
    return [problem(check, subject, `cannot be started: ${error.subject}`, startCure(error))]
  }
  const endGroup = (): void => spawner.kill(child.pid, 'SIGKILL', true)
  const stay = onLeave(endGroup)
  try {
    return await watch(child, spec, exit.promise, { settings, spawner, clock })
  } finally {
    // What it left behind in its group must not outlive us.
    endGroup()
    stay()
  }
}

async function watch(
  child: Child,
  spec: ProgramSpec,
  exit: Promise<ExitStatus>,
  { settings, spawner, clock }: Pick<CalculatorProbe, 'spawner' | 'clock'> & { readonly settings: StreamSettings },
): Promise<Finding[]> {
  const subject = subjectOf(spec)
  let printed = 0
  child.stdout.listen({ data: (chunk) => (printed += chunk.length), end: () => undefined })
  const patience = Math.min(MOST, Math.max(LEAST, spec.startsecs * 1000))
  const early = await within(clock, patience, exit)
  if (early !== null) return [judgeExit(subject, early, spawner.stderrTail(namespec(spec)))]
  const stop = await end(child, spec, exit, { spawner, clock })
  const unasked = printed > 0 && settings.protocol !== 'source' ? `, and wrote ${printed} bytes without a record` : ''
  const starts = ok(check, subject, `starts and waits for records${unasked}`)
  if (stop === 'eof') return [starts]
  const cure = 'let it end when its stdin ends: each stop now takes longer, and its last answers may be lost'
  return [starts, warning('calculator.stop', subject, `does not end with its input; it took ${stop}`, cure)]
}

const subjectOf = ({ command }: ProgramSpec): string => `Calculator ${command[0] ?? ''}`

/** Gives the step that ended it. */
async function end(
  child: Child,
  { stop }: ProgramSpec,
  exit: Promise<ExitStatus>,
  { spawner, clock }: { readonly spawner: Spawner; readonly clock: Clock },
): Promise<StopStep['action']> {
  for (const { action, wait } of stop) {
    if (action === 'eof') child.stdin.end()
    else spawner.kill(child.pid, action, true)
    const ended = await within(clock, action === 'SIGKILL' ? AFTER_KILL : wait, exit)
    if (ended !== null) return action
  }
  return 'SIGKILL'
}

function startCure({ code }: AgentError): string {
  if (code === 'NO_FILE') return 'correct --bin, PROGRAM or calculator.bin, or put the program into the image'
  if (code === 'NOT_EXECUTABLE')
    return 'make it executable (chmod +x), or name its interpreter and give the file with --args'
  return 'give the script a first line such as #!/usr/bin/env python3, and use a program built for this machine and image'
}

function judgeExit(subject: string, { code, signal }: ExitStatus, stderr: readonly string[]): Finding {
  const how = signal === null ? `with exit code ${code ?? 'unknown'}` : `by ${signal}`
  const last = stderr.filter((line) => line.trim() !== '').slice(-3)
  const said = last.length === 0 ? '' : `: ${last.join(' | ')}`
  return problem(
    check,
    subject,
    `ends at once ${how}, without a record${said}`,
    exitCure(code, signal, stderr.join('\n')),
  )
}

function exitCure(code: number | null, signal: string | null, stderr: string): string {
  const library = /error while loading shared libraries: (\S+?):/.exec(stderr)?.[1]
  if (library !== undefined) return `install the package that has ${library} in the image`
  const module = /(?:ModuleNotFoundError: No module named|Cannot find (?:module|package)) ['"]?([\w./@-]+)/.exec(
    stderr,
  )?.[1]
  if (module !== undefined) return `install the module ${module} in the image`
  if (signal === 'SIGKILL') return 'raise the memory limit of the container: it was killed, most likely for its memory'
  if (code === 126 || code === 127) return 'let its script name commands that are in the image'
  return 'run it by hand in this container: it must wait for lines on stdin'
}
