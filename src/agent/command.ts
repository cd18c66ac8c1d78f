// What each word of the command line does. Everything is printed here; what is printed is made elsewhere.
import process from 'node:process'
import { parseArguments, type RunFlags } from '../cli/arguments.ts'
import { check, refusal } from '../cli/check.ts'
import { health } from '../cli/health.ts'
import { helpText } from '../cli/help.ts'
import { versionText } from '../cli/version.ts'
import { loadConfig, type Config, type Loaded } from '../config/config.ts'
import { explain } from '../config/explain.ts'
import { thisMachine } from '../config/machine.ts'
import { readVariables } from '../config/read.ts'
import { createLog } from '../log.ts'
import { systemClock } from '../os/clock.ts'
import { loadLibc } from '../os/libc.ts'
import { startReaper } from '../os/reaper.ts'
import { onSignals } from '../os/signals.ts'
import { NodeSpawner } from '../os/spawn.ts'
import { version } from '../version.ts'
import { Agent } from './agent.ts'

const USAGE = 64
const BAD_CONFIGURATION = 78
const BUG = 70

const out = (text: string): boolean => process.stdout.write(text)
const err = (text: string): boolean => process.stderr.write(text)

/** @returns the exit code */
export async function command(argv: readonly string[], invokedAs: string): Promise<number> {
  const invocation = parseArguments(argv, invokedAs)
  switch (invocation.command) {
    case 'version':
      out(versionText(version, process.versions.node))
      return 0
    case 'help':
      out(helpText(invocation.topic))
      return 0
    case 'usage':
      err(`${invocation.message}\n`)
      return USAGE
    case 'check': {
      const loaded = load(invocation.flags)
      const rows = explain(loaded, invocation.flags)
      const colors = process.stdout.isTTY && (process.env['NO_COLOR'] ?? '') === ''
      const { stdout, stderr, exitCode } = check({ ...loaded, rows }, { json: invocation.json, colors })
      out(stdout)
      err(stderr)
      return exitCode
    }
    case 'health': {
      const listen = readVariables(process.env, thisMachine).values.HTTP_LISTEN
      return health({ listen, ready: invocation.ready, print: (line) => void out(`${line}\n`) })
    }
    case 'dlq':
      return (await import('./dlq.ts')).dlq(invocation.request)
    case 'run':
      return run(invocation.flags)
  }
}

const load = (flags: RunFlags): Loaded => loadConfig({ environment: process.env, flags, machine: thisMachine })

async function run(flags: RunFlags): Promise<number> {
  const { config, problems, warnings } = load(flags)
  if (config === null) {
    err(refusal({ problems, warnings }, thisMachine.terminal && (process.env['NO_COLOR'] ?? '') === ''))
    return BAD_CONFIGURATION
  }
  const log = createLog({
    ...config.log,
    terminal: thisMachine.terminal,
    instance: config.instanceId,
    secrets: secretsOf(config),
  })
  for (const warning of warnings) log.line('warn', warning, { event: 'config.warning' })
  const loaded = loadLibc()
  const libc = 'missing' in loaded ? null : loaded
  if ('missing' in loaded) {
    const message = 'no native part: plain pipes, checkpoints are assumed, orphans are not reaped (use --init)'
    log.line('warn', message, { event: 'os.no-native', reason: loaded.missing })
  }
  const reaper = libc ? startReaper(libc) : null
  const spawner = new NodeSpawner({ libc, onStderrLine: (line) => log.child(line) })
  const agent = new Agent(config, { clock: systemClock, spawner, log })
  const bug = (error: unknown): void => {
    log.line('fatal', 'a bug: leaving', { event: 'agent.bug', err: error, stack: stackOf(error) })
    agent.fail(BUG)
  }
  // Node prints warnings as bare text; here they are log lines. kafkajs causes one at each connection: debug.
  process.removeAllListeners('warning')
  process.on('warning', (warning) => {
    log.line('debug', warning.message, { event: 'runtime.warning', name: warning.name })
  })
  process.on('uncaughtException', bug)
  process.on('unhandledRejection', bug)
  const unhook = onSignals({
    SIGTERM: () => agent.signal('SIGTERM'),
    SIGINT: () => agent.signal('SIGINT'),
    SIGHUP: () => agent.signal('SIGHUP'),
    SIGQUIT: () => agent.signal('SIGQUIT'),
    SIGUSR1: () => agent.signal('SIGUSR1'),
  })
  const code = await agent.run()
  unhook()
  reaper?.stop()
  return code
}

const stackOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? '') : '')

function secretsOf({ kafka, consul }: Config): string[] {
  const sasl = kafka?.sasl ?? null
  const login = sasl === null ? null : 'token' in sasl ? sasl.token : sasl.password
  return [login, consul?.token ?? null].filter((secret) => secret !== null)
}
