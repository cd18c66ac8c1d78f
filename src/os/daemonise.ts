// Node cannot fork. To become a daemon the program starts itself anew, apart from the terminal, and waits until the copy
// is ready or has failed; so that a start that fails is seen, and what follows the start finds the sockets open.
import { spawn } from 'node:child_process'
import { closeSync, writeSync } from 'node:fs'
import process from 'node:process'
import sea from 'node:sea'

/** In the environment of the copy only, and taken out of it at once. */
const MARK = 'PIDPIPER_DAEMON'
const REPORT_FD = 3
const READY_WORD = '\0'

/** The copy's way to tell the program that started it how the start went. */
export interface DaemonCopy {
  /** The program that started it may end. */
  ready(): void
  /** For that program's stderr. */
  problem(text: string): void
}

/** Not null: this process is the copy. To be called before anything looks at the environment. */
export function daemonCopy(): DaemonCopy | null {
  if (process.env[MARK] === undefined) return null
  Reflect.deleteProperty(process.env, MARK)
  let open = true
  return {
    ready() {
      if (!open) return
      open = false
      writeSync(REPORT_FD, READY_WORD)
      closeSync(REPORT_FD)
    },
    problem(text) {
      if (open) writeSync(REPORT_FD, text)
    },
  }
}

/** Starts the copy. Resolves to 0 when it is ready, else to its exit code after its problems were told. */
export async function startCopy(problem: (text: string) => void): Promise<number> {
  const [executable = process.execPath, ...words] = selfCommand()
  const copy = spawn(executable, words, {
    argv0: process.argv0,
    detached: true,
    env: { ...process.env, [MARK]: '1' },
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  const report = copy.stdio[REPORT_FD]
  let told = ''
  const closed = new Promise<void>((resolve) => {
    report?.on('data', (chunk: Buffer) => (told += chunk.toString()))
    report?.once('close', resolve)
  })
  const ended = new Promise<number>((resolve) => {
    copy.once('exit', (code) => resolve(code ?? 1))
    copy.once('error', (error) => {
      told += `${error.message}\n`
      resolve(1)
    })
  })
  // The report is closed by a copy that is ready as well as by one that is dead.
  await Promise.race([closed, ended])
  if (told.endsWith(READY_WORD)) {
    copy.unref()
    return 0
  }
  const code = await ended
  problem(told)
  return code === 0 ? 1 : code
}

/** How this program was started. */
const selfCommand = (): string[] =>
  sea.isSea()
    ? [process.execPath, ...process.argv.slice(2)]
    : [process.execPath, ...process.execArgv, ...process.argv.slice(1)]
