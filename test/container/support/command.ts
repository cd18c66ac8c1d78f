import { spawn } from 'node:child_process'
import process from 'node:process'

export interface Outcome {
  /** Exit code, or the name of the signal. */
  readonly status: number | string
  readonly stdout: string
  readonly stderr: string
}

export interface Options {
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** Ms until the command is ended; 5 min by default. */
  readonly timeout?: number
  /** `open`: the command's stdin stays open until it ends; else it is empty. */
  readonly stdin?: 'open'
}

/** Runs a command to its end; a command that cannot be started rejects. */
export function run(command: string, words: readonly string[], options: Options = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...options.env }
    const cwd = options.cwd ?? process.cwd()
    const child = spawn(command, words, { env, cwd, timeout: options.timeout ?? 300_000 })
    const out: Buffer[] = []
    const err: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk))
    child.on('error', reject)
    child.on('close', (code, signal) => {
      const status = code ?? signal ?? 'unknown'
      resolve({ status, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() })
    })
    if (options.stdin === undefined) child.stdin.end()
  })
}

/** As `run`; a status other than 0 rejects with the last lines of what the command said. */
export async function must(command: string, words: readonly string[], options: Options = {}): Promise<string> {
  const { status, stdout, stderr } = await run(command, words, options)
  if (status === 0) return stdout
  const said = `${stdout}\n${stderr}`.trim().split('\n').slice(-25).join('\n')
  throw new Error(`cannot run ${command} ${words.slice(0, 12).join(' ')}: status ${status}\n${said}`)
}
