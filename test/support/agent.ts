// The agent as a user runs it: the binary (TEST_BINARY), or the sources where a test run has not built it.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import process from 'node:process'
import type { Readable } from 'node:stream'
import type { TestContext } from 'node:test'
import type { Snapshot } from '../../src/engine/snapshot.ts'
import { strangeLines } from './log-schema.ts'
import { freePort } from './ports.ts'
import { waitFor } from './wait-for.ts'

export interface AgentOptions {
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** `unshare -p -f --mount-proc` and the like, in front of the agent. */
  readonly under?: readonly string[]
  readonly stdin?: 'ignore' | 'pipe'
  /** Instead of the agent under test. */
  readonly command?: readonly [string, ...string[]]
}

export interface LogLine {
  readonly level: string
  readonly event?: string
  readonly msg?: string
  readonly [field: string]: unknown
}

const root = join(import.meta.dirname, '..', '..')

/** The words that start the agent; Node's flag is the binary's own. */
export const agentCommand = (): readonly [string, ...string[]] => {
  const binary = process.env['TEST_BINARY']
  return binary === undefined ? [process.execPath, '--disable-sigusr1', join(root, 'src', 'main.ts')] : [binary]
}

export class TestAgent {
  readonly process: ChildProcess
  readonly port: number
  stdout = ''
  stderr = ''
  readonly #exit: Promise<{ code: number | null; signal: string | null }>
  /** The last Calculator that was killed by `killCalculator`. */
  #killed = 0

  constructor(child: ChildProcess, port: number) {
    this.process = child
    this.port = port
    collect(child.stdout, (text) => (this.stdout += text))
    collect(child.stderr, (text) => (this.stderr += text))
    this.#exit = once(child, 'close').then(() => ({ code: child.exitCode, signal: child.signalCode }))
  }

  get pid(): number {
    const { pid } = this.process
    if (pid === undefined) throw new Error('the agent did not start')
    return pid
  }

  /** Resolves when it has left and its output is complete. */
  exit(): Promise<{ code: number | null; signal: string | null }> {
    return this.#exit
  }

  signal(name: NodeJS.Signals): void {
    this.process.kill(name)
  }

  /** Ends it as a platform does, and gives its exit code. */
  async stop(): Promise<number | null> {
    this.signal('SIGTERM')
    return (await this.#exit).code
  }

  /** Whole lines of its log so far; what is no JSON is left out. */
  get log(): LogLine[] {
    return this.stderr
      .split('\n')
      .slice(0, -1)
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as LogLine)
  }

  /** Resolves with its first line in the log, or with the first after the `since` lines that there were. */
  async waitForEvent(event: string, timeout = 60_000, since = 0): Promise<LogLine> {
    const found = (): LogLine | undefined => this.log.slice(since).find((line) => line.event === event)
    return waitFor(`event ${event}`, found, { timeout })
  }

  get(path: string, init?: RequestInit): Promise<Response> {
    return fetch(`http://127.0.0.1:${this.port}${path}`, init)
  }

  async status(): Promise<Snapshot> {
    // Whoever waits for a status asks again, rather than for ever.
    return (await (await this.get('/status', { signal: AbortSignal.timeout(10_000) })).json()) as Snapshot
  }

  /** Resolves with the first status for which `fits` holds. */
  async waitForStatus(what: string, fits: (status: Snapshot) => boolean, timeout = 60_000): Promise<Snapshot> {
    const seen: Snapshot[] = []
    const look = async (): Promise<boolean> => {
      const status = await this.status().catch(() => null)
      if (status === null || !fits(status)) return false
      seen.push(status)
      return true
    }
    await waitFor(`${what} (log: ${this.stderr.slice(-2000)})`, look, { timeout, every: 50 })
    return seen.at(-1) ?? this.status()
  }

  /** The Calculator's pid, once it has one. */
  async calculator(): Promise<number> {
    const status = await this.waitForStatus('a living Calculator', ({ processes }) => (processes[0]?.pid ?? 0) > 0)
    return status.processes[0]?.pid ?? 0
  }

  /** SIGKILL for the Calculator: each time for another one, though the status names a dead one for a moment. */
  async killCalculator(): Promise<void> {
    const living = (pid: number | null | undefined): boolean => (pid ?? 0) > 0 && pid !== this.#killed
    for (;;) {
      const { processes } = await this.waitForStatus('another Calculator', ({ processes }) => living(processes[0]?.pid))
      this.#killed = processes[0]?.pid ?? 0
      if (kill(this.#killed)) return
    }
  }
}

/** False: it ended by itself meanwhile. */
function kill(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    return false
  }
}

/** Fails the test file. An after hook that throws would keep those behind it from ending their agents. */
function holdToDocument({ log }: TestAgent): void {
  const strange = strangeLines(log)
  if (strange.length === 0) return
  process.exitCode = 1
  process.stderr.write(`the log is not what docs/logs.md says: ${strange.join('; ')}\n`)
}

function collect(stream: Readable | null, add: (text: string) => void): void {
  stream?.setEncoding('utf8')
  stream?.on('data', add)
}

/** Starts an agent with nothing of the test's environment but PATH; ended, with its Calculator, after the test. */
export async function startAgent(t: TestContext, options: AgentOptions = {}): Promise<TestAgent> {
  const port = await freePort()
  const [command = '', ...words] = [
    ...(options.under ?? []),
    ...(options.command ?? agentCommand()),
    ...(options.args ?? []),
  ]
  const marker = process.env['PIDPIPER_TEST_RUN']
  const child = spawn(command, words, {
    stdio: [options.stdin ?? 'ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      HTTP_LISTEN: `127.0.0.1:${port}`,
      // Its default is one for the whole machine.
      CONTROL_SOCKET: 'off',
      ...(marker !== undefined && { PIDPIPER_TEST_RUN: marker }),
      ...options.env,
    },
  })
  const agent = new TestAgent(child, port)
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGTERM')
    const patience = setTimeout(() => child.kill('SIGKILL'), 12_000)
    await agent.exit()
    clearTimeout(patience)
  })
  t.after(() => holdToDocument(agent))
  return agent
}
