import type { Config } from '../config/config.ts'
import type { ProgramSpec } from '../domain/process/spec.ts'
import type { Protocol, StreamSettings } from '../domain/stream/settings.ts'
import type { Millis } from '../domain/time.ts'
import { CONTROL_FD } from '../os/child-control.ts'

/** How long the kernel gets to end a killed group before it is killed once more. */
const KILL_AGAIN: Millis = 1000

/**
 * Exit 0 ends a run of these, and the next follows: of batch with what has come meanwhile, of a source, which waits for
 * nothing, not faster than a process manager starts anything.
 */
const runFloors: Partial<Record<Protocol, Millis>> = { batch: 50, source: 1000 }

/** Local input is read once, and EXIT_ON=exit means that the first end is the end: then nothing is started again. */
export const runsOnce = (config: Config): boolean => config.input.kind === 'file' || config.calculator.exitOn === 'exit'

/** As supervisord names the processes of a program with numprocs. */
export const calculatorName = (worker: number, workers: number): string =>
  workers === 1 ? 'calculator' : `calculator_${String(worker).padStart(2, '0')}`

/**
 * The Calculator of one worker as a program of the Supervisor. `configVersion`: of the run document in force, null for
 * none.
 */
export function calculatorProgram(
  config: Config,
  settings: StreamSettings,
  worker: number,
  configVersion: number | null,
): ProgramSpec {
  const { calculator, shutdownGraceMs } = config
  const once = runsOnce(config)
  const floor = runFloors[settings.protocol]
  const environment = {
    ...calculator.childEnvironment,
    BDZ_INSTANCE: config.instanceId,
    BDZ_LANE: String(worker),
    ...(calculator.control && { BDZ_CONTROL_FD: String(CONTROL_FD) }),
    ...(calculator.control?.notify === true && watchdog(config.limits.answerTimeoutMs)),
    ...(configVersion !== null && { BDZ_CONFIG_VERSION: String(configVersion) }),
    ...settings.env,
  }
  return {
    name: calculatorName(worker, settings.workers),
    group: calculator.group,
    command: [settings.bin ?? '', ...settings.args],
    environment: { ...environment, ...flushing(calculator, environment) },
    startVariable: 'BDZ_ATTEMPT',
    ...(calculator.stdout === 'pty' && { stdout: 'pty' }),
    ...(calculator.control && { control: { notify: calculator.control.notify } }),
    ...(calculator.control?.awaitsReady === true && { ready: 'told' }),
    priority: 999,
    autorestart: once ? false : calculator.autorestart,
    startsecs: once ? 0 : calculator.startsecs,
    startretries: once ? 0 : calculator.startretries,
    exitcodes: calculator.exitcodes,
    backoff: {
      kind: 'progress',
      max: calculator.backoffMaxMs,
      ...(floor !== undefined && { floor }),
    },
    // End of input first: a program that finishes its last line then ends by itself.
    stop: [
      { action: 'eof', wait: shutdownGraceMs / 2 },
      { action: 'SIGTERM', wait: shutdownGraceMs / 2 },
      { action: 'SIGKILL', wait: KILL_AGAIN },
    ],
    stopasgroup: true,
    killasgroup: true,
    sweepgroup: true,
  }
}

/** What sd_watchdog_enabled(3) looks for. */
const watchdog = (answerTimeout: Millis | null): Readonly<Record<string, string>> =>
  answerTimeout === null ? {} : { WATCHDOG_USEC: String(answerTimeout * 1000) }

/** What CHILD_STDOUT adds to the environment: of `line` what stdbuf(1) sets, of `pty` that it is no terminal to decorate. */
function flushing(
  { stdout, stdbufLibrary }: Config['calculator'],
  given: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  if (stdbufLibrary !== null) {
    const preload = [stdbufLibrary, given['LD_PRELOAD'] ?? ''].filter(Boolean).join(':')
    return { LD_PRELOAD: preload, _STDBUF_O: 'L' }
  }
  return stdout === 'pty' ? { TERM: given['TERM'] ?? 'dumb', NO_COLOR: given['NO_COLOR'] ?? '1' } : {}
}
