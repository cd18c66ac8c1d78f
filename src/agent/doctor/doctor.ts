// `pidpiper doctor`: looks at everything that the agent will need, in the order in which it will need it. Nothing is
// written, joined or registered; each look has a limit.
import process from 'node:process'
import type { RunFlags } from '../../cli/arguments.ts'
import { doctorReport } from '../../cli/doctor.ts'
import { wantsColors } from '../../config/colors.ts'
import { loadConfig, type Config } from '../../config/config.ts'
import { thisMachine } from '../../config/machine.ts'
import { exitCodes } from '../../domain/exit-codes.ts'
import { ok, problem, warning, type Finding } from '../../domain/finding.ts'
import type { Millis } from '../../domain/time.ts'
import { systemClock } from '../../os/clock.ts'
import { exitCodeOf } from '../../os/exit-status.ts'
import { loadLibc } from '../../os/libc.ts'
import { onSignals, type AgentSignal } from '../../os/signals.ts'
import { NodeSpawner } from '../../os/spawn.ts'
import { secretsOf } from '../secrets.ts'
import { examineCalculator } from './calculator.ts'
import { examineConsulAndDocument } from './consul.ts'
import { examineKafka } from './kafka.ts'
import { examineMachine, examinePort } from './machine.ts'

export interface DoctorRequest {
  readonly flags: RunFlags
  readonly json: boolean
  /** Start the Calculator too. */
  readonly calculator: boolean
}

const LIMIT: Millis = 20_000

/** Resolves to the exit code; only a bug rejects. */
export async function doctor({ flags, json, calculator }: DoctorRequest): Promise<number> {
  endBySignals()
  const { config, problems, warnings } = loadConfig({ environment: process.env, flags, machine: thisMachine })
  const findings: Finding[] = [
    // Each says itself what is expected, and what to do where something is to be done.
    ...problems.map(({ name, value, expected }) =>
      problem('configuration.value', name, value === null ? expected : `${JSON.stringify(value)} ${expected}`, ''),
    ),
    ...warnings.map((text) => warning('configuration.warning', 'configuration', text, '')),
    ...(config === null ? [] : [ok('configuration.values', 'configuration', 'every value can be used')]),
  ]
  if (config !== null) findings.push(...(await examine(config, calculator)))
  const secrets = config === null ? [] : secretsOf(config)
  const colors = wantsColors(process.stdout, process.env)
  const { stdout, exitCode } = doctorReport(
    findings.map((finding) => masked(finding, secrets)),
    { json, colors, isWhole: config !== null },
  )
  process.stdout.write(stdout)
  return config === null ? exitCodes.badConfiguration : exitCode
}

/** By an exit, of which `examine` hears, and as PID 1 too, which no signal ends by itself. */
function endBySignals(): void {
  const leave = (signal: AgentSignal) => [signal, () => process.exit(exitCodeOf({ code: null, signal }))] as const
  const ends = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'] as const
  onSignals(Object.fromEntries(ends.map(leave)))
}

async function examine(config: Config, calculator: boolean): Promise<Finding[]> {
  const libc = loadLibc()
  const clock = systemClock
  const machine = [...examineMachine(config, thisMachine, libc), ...(await examinePort(config.http))]
  const { findings: consul, settings, isAwaited } = await examineConsulAndDocument(config, clock, LIMIT)
  const kafka = await examineKafka(config, settings, clock, LIMIT)
  const found = [...machine, ...consul, ...kafka]
  if (!calculator) return found
  if (settings.bin === null && isAwaited) {
    return [...found, ok('calculator.start', 'Calculator', 'not looked at: the run document will name the program')]
  }
  if (settings.bin === null) {
    const cure = 'name the program with --bin, PROGRAM, or calculator.bin in the run document'
    return [...found, problem('calculator.start', 'Calculator', 'nobody names a program', cure)]
  }
  const spawner = new NodeSpawner({ libc: 'missing' in libc ? null : libc, onStderrLine: () => undefined })
  const onLeave = (leave: () => void): (() => void) => {
    process.once('exit', leave)
    return () => process.off('exit', leave)
  }
  return [...found, ...(await examineCalculator(config, settings, { spawner, clock, onLeave }))]
}

/** Texts of brokers and Calculators may repeat what they were given. */
function masked(finding: Finding, secrets: readonly string[]): Finding {
  const mask = (text: string): string => secrets.reduce((kept, secret) => kept.replaceAll(secret, '***'), text)
  return { ...finding, subject: mask(finding.subject), seen: mask(finding.seen), cure: mask(finding.cure) }
}
