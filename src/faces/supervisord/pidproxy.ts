// pidproxy: stands in for a program that daemonises itself. It runs the command, and hands the signals it gets to the
// pid in the command's pidfile.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { messageOf } from '../../domain/errors.ts'

export interface PidproxyWorld {
  /** The name it was called by. */
  readonly program: string
  /** For stdout. */
  readonly write: (text: string) => void
  readonly listen: (signal: NodeJS.Signals, handle: () => void) => () => void
  /** Raises the system's error. */
  readonly kill: (pid: number, signal: NodeJS.Signals) => void
}

const forwarded = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGUSR1', 'SIGUSR2', 'SIGQUIT'] as const
/** After these there is nothing left to stand in for. */
const last: readonly string[] = ['SIGTERM', 'SIGINT', 'SIGQUIT']

const NOT_STARTED = 127

const usage = (program: string): string => `pidproxy -- run a command and pass signals on to the pid in its pidfile.

Usage: ${program} <pidfile name> <command> [<cmdarg1> ...]
`

/**
 * Resolves with the exit code: 0 when the command has ended or a last signal was passed on, as supervisord's pidproxy has
 * it. The command is a path, not a name in PATH.
 */
export function pidproxy(argv: readonly string[], world: PidproxyWorld): Promise<number> {
  const [pidfile, command, ...args] = argv
  if (pidfile === undefined || command === undefined) {
    world.write(usage(world.program))
    return Promise.resolve(1)
  }
  return new Promise((done) => {
    for (const signal of forwarded) {
      world.listen(signal, () => {
        const code = passOn(signal, pidfile, world)
        if (code !== null) done(code)
      })
    }
    const child = spawn(resolve(command), args, { argv0: command, stdio: 'inherit' })
    child.on('exit', () => done(0))
    child.on('error', ({ message }) => {
      world.write(`Can't run ${command}: ${message}\n`)
      done(NOT_STARTED)
    })
  })
}

/** The exit code, where this ends the program. */
function passOn(signal: NodeJS.Signals, pidfile: string, { write, kill }: PidproxyWorld): number | null {
  const pid = pidIn(pidfile)
  if (pid === null) {
    write(`Can't read child pidfile ${pidfile}!\n`)
    return null
  }
  try {
    kill(pid, signal)
    return last.includes(signal) ? 0 : null
  } catch (error) {
    write(`Can't send ${signal} to pid ${pid}: ${messageOf(error)}\n`)
    return 1
  }
}

function pidIn(file: string): number | null {
  try {
    const text = readFileSync(file, 'utf8').trim()
    return /^[1-9]\d*$/.test(text) ? Number(text) : null
  } catch {
    // Not there, or closed to us: the caller says so.
    return null
  }
}
