// `pidpiper run`: the Calculator and its streams, from the flags to the exit code. Loaded only when it is asked for.
import process from 'node:process'
import { refusal } from '../cli/check.ts'
import type { RunFlags } from '../cli/arguments.ts'
import { wantsColors } from '../config/colors.ts'
import { loadConfig, type Config } from '../config/config.ts'
import { thisMachine } from '../config/machine.ts'
import type { Problem } from '../config/problem.ts'
import type { Reading } from '../config/read.ts'
import { AgentError, stackOf } from '../domain/errors.ts'
import { exitCodes } from '../domain/exit-codes.ts'
import { terminationMessage } from '../engine/supervision/termination-message.ts'
import { createLog, type Log } from '../log.ts'
import { systemClock } from '../os/clock.ts'
import { loadLibc } from '../os/libc.ts'
import { tuneMemory } from '../os/memory-tuning.ts'
import { startReaper } from '../os/reaper.ts'
import { hearSigusr1, onSignals, signalsHeard } from '../os/signals.ts'
import { NodeSpawner } from '../os/spawn.ts'
import { writeTerminationFile } from '../os/termination-file.ts'
import { Agent } from './agent.ts'
import { secretsOf } from './secrets.ts'

export interface Prepared {
  readonly config: Config
  readonly log: Log
}

/** Reads the configuration and opens the log; or tells what is wrong, and gives the exit code. */
export function prepare(flags: RunFlags): Prepared | number {
  const { config, problems, warnings, reading } = loadConfig({ environment: process.env, flags, machine: thisMachine })
  if (config === null) {
    process.stderr.write(refusal({ problems, warnings }, wantsColors(process.stderr, process.env)))
    if (knowsNothing(problems)) process.stderr.write('pidpiper --help says how to begin, with Kafka and without\n')
    tellPlatform(reading, refusal({ problems, warnings }, false))
    return exitCodes.badConfiguration
  }
  const log = createLog({
    ...config.log,
    instance: config.instanceId,
    secrets: secretsOf(config),
  })
  for (const warning of warnings) log.line('warn', warning, { event: 'config.warning' })
  return { config, log }
}

/** Neither what to run nor what to feed it: the first thing that a newcomer types. */
const knowsNothing = (problems: readonly Problem[]): boolean =>
  ['KAFKA_DSN', 'PROGRAM'].every((each) => problems.some(({ name, value }) => name === each && value === null))

/** A pod that does not start says why where its platform looks first. There is no log yet: stderr has it too. */
function tellPlatform({ values, set }: Reading, text: string): void {
  const path = values.TERMINATION_LOG
  if (path === 'off') return
  try {
    writeTerminationFile(path, terminationMessage(text.trimEnd(), null, []), set.has('TERMINATION_LOG'))
  } catch (error) {
    process.stderr.write(`pidpiper: warning: cannot write the termination message: ${String(error)}\n`)
  }
}

/** Of every agent in this process. */
export const surroundings = { clock: systemClock, environment: process.env, machine: thisMachine } as const

/** @returns the exit code */
export async function run(flags: RunFlags): Promise<number> {
  const prepared = prepare(flags)
  if (typeof prepared === 'number') return prepared
  const { config, log } = prepared
  const loaded = loadLibc()
  const libc = 'missing' in loaded ? null : loaded
  tuneMemory(libc)
  if (libc !== null) hearSigusr1(libc)
  if ('missing' in loaded) {
    const message =
      'no native part: plain pipes, checkpoints are assumed, orphans are not reaped (use --init), SIGUSR1 is not heard'
    log.line('warn', message, { event: 'os.no-native', reason: loaded.missing })
  }
  const reaper = libc ? startReaper(libc) : null
  if (reaper !== null && reaper.refused !== null) {
    const message = 'orphans of the Calculator go to PID 1 of the machine, and not to the agent'
    log.line('warn', message, { event: 'os.no-subreaper', reason: reaper.refused })
  }
  const spawner = spawnerOr(
    () => new NodeSpawner({ libc, onStderrLine: (line) => log.child(line), masked: (text) => log.masked(text) }),
    log,
  )
  if (spawner === null) return exitCodes.unavailable
  const agent = new Agent(config, { ...surroundings, spawner, log })
  const bug = (error: unknown): void => {
    try {
      log.line('fatal', 'a bug: leaving', { event: 'agent.bug', err: error, stack: stackOf(error) })
    } catch {
      // The log itself is broken. Raised here it would end the process at once, with records in work: 70 says it alone.
    }
    agent.fail(exitCodes.bug)
  }
  // Node prints warnings as bare text; here they are log lines. kafkajs causes one at each connection: debug.
  process.removeAllListeners('warning')
  process.on('warning', (warning) => {
    log.line('debug', warning.message, { event: 'runtime.warning', name: warning.name })
  })
  process.on('uncaughtException', bug)
  process.on('unhandledRejection', bug)
  await signalsHeard()
  const unhook = onSignals({
    SIGTERM: () => agent.signal('SIGTERM'),
    SIGINT: () => agent.signal('SIGINT'),
    SIGHUP: () => agent.signal('SIGHUP'),
    SIGQUIT: () => agent.signal('SIGQUIT'),
    SIGUSR1: () => agent.signal('SIGUSR1'),
    SIGUSR2: () => agent.signal('SIGUSR2'),
  })
  const code = await agent.run()
  unhook()
  reaper?.stop()
  return code
}

/** Null, with a line in the log: this machine lacks something that no children can be started without. */
function spawnerOr(make: () => NodeSpawner, log: Log): NodeSpawner | null {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof AgentError)) throw error
    log.line('fatal', error.subject, { event: 'agent.failed', err: error })
    return null
  }
}
