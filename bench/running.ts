// A process of the benchmark: started, watched, and ended with everything below it.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import process from 'node:process'
import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from './contender.ts'
import { ProcessTree } from './process-tree.ts'

const END_LIMIT_MS = 15_000
const STDERR_KEPT = 2_000

export class Running {
  readonly pid: number
  readonly tree: ProcessTree
  readonly #child: ChildProcess
  readonly #closed: Promise<unknown>
  #stderr = ''

  constructor({ words: [program, ...args], env }: Command) {
    const PATH = process.env['PATH'] ?? ''
    // A session of its own: an interrupt from the terminal reaches the benchmark alone, which then ends it in order.
    this.#child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH, ...env }, detached: true })
    const { pid } = this.#child
    this.#closed = once(this.#child, 'close')
    this.#closed.catch(() => undefined)
    if (pid === undefined) throw new Error(`cannot start ${program}: is it there?`)
    this.pid = pid
    this.tree = new ProcessTree(pid)
    this.#child.stderr?.setEncoding('utf8')
    this.#child.stderr?.on('data', (text: string) => (this.#stderr = (this.#stderr + text).slice(-STDERR_KEPT)))
  }

  /** How it ended; null while it runs. */
  get ended(): string | null {
    const { exitCode, signalCode } = this.#child
    return signalCode ?? (exitCode === null ? null : `exit code ${exitCode}`)
  }

  /** The end of what it wrote to stderr. */
  get stderr(): string {
    return this.#stderr.trim()
  }

  /** Ends it as a platform does, and by force after 15 s; resolves with how it ended. */
  async stop(signal: NodeJS.Signals | null): Promise<string> {
    this.tree.sample()
    if (signal !== null && this.ended === null) this.#child.kill(signal)
    const patience = AbortSignal.timeout(END_LIMIT_MS)
    while (this.ended === null && !patience.aborted) await pause(5)
    this.tree.killAll()
    await this.#closed
    return this.ended ?? 'unknown'
  }
}
