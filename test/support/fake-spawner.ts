import { AgentError } from '../../src/domain/errors.ts'
import type { ProgramSpec, Signal } from '../../src/domain/process/spec.ts'
import type { Activity, Child, ChildInput, ChildOutput, Clock, Spawner } from '../../src/engine/ports.ts'
import type { ExitStatus } from '../../src/domain/process/state.ts'

/** A child that lives until the test ends it. Its stdin keeps what it was given, its stdout says nothing. */
export class FakeChild implements Child {
  readonly written: Uint8Array[] = []
  inputEnded = false
  alive = true
  readonly pid: number
  readonly startedAt: number
  readonly spec: ProgramSpec
  readonly #onExit: (status: ExitStatus) => void

  constructor(pid: number, startedAt: number, spec: ProgramSpec, onExit: (status: ExitStatus) => void) {
    this.pid = pid
    this.startedAt = startedAt
    this.spec = spec
    this.#onExit = onExit
  }

  readonly stdin: ChildInput = {
    write: (...pieces) => {
      this.written.push(...pieces)
      return Promise.resolve()
    },
    end: () => {
      this.inputEnded = true
    },
    unread: () => 0,
  }

  readonly stdout: ChildOutput = {
    listen: () => undefined,
    pause: () => undefined,
    resume: () => undefined,
    destroy: () => undefined,
    unread: () => 0,
  }

  exit(code: number): void {
    this.#end({ code, signal: null })
  }

  dieOf(signal: Signal): void {
    this.#end({ code: null, signal })
  }

  #end(status: ExitStatus): void {
    if (!this.alive) throw new Error(`child ${this.pid} is dead already`)
    this.alive = false
    this.#onExit(status)
  }
}

/** Children in memory. Signals are only recorded: the test decides what a child makes of them. */
export class FakeSpawner implements Spawner {
  readonly children: FakeChild[] = []
  readonly kills: { readonly pid: number; readonly signal: Signal; readonly group: boolean }[] = []
  readonly stderr = new Map<string, string[]>()
  /** Reasons with which the next spawns fail, in order. */
  readonly spawnFailures: string[] = []
  /** When set, the system refuses every signal. */
  killFailure: string | null = null
  readonly #clock: Pick<Clock, 'wall'>

  constructor(clock: Pick<Clock, 'wall'>) {
    this.#clock = clock
  }

  /** The child started last. */
  get last(): FakeChild {
    const child = this.children.at(-1)
    if (child === undefined) throw new Error('nothing was spawned yet')
    return child
  }

  get living(): FakeChild[] {
    return this.children.filter((child) => child.alive)
  }

  spawn(spec: ProgramSpec, onExit: (status: ExitStatus) => void): Child {
    const reason = this.spawnFailures.shift()
    if (reason !== undefined) throw new AgentError('SPAWN_ERROR', reason)
    const child = new FakeChild(100 + this.children.length, this.#clock.wall(), spec, onExit)
    this.children.push(child)
    return child
  }

  kill(pid: number, signal: Signal, group: boolean): void {
    if (this.killFailure !== null) throw new AgentError('FAILED', this.killFailure)
    this.kills.push({ pid, signal, group })
  }

  activity(): Activity {
    return { cpu: null, parked: 'unknown' }
  }

  stderrTail(namespec: string): readonly string[] {
    return this.stderr.get(namespec) ?? []
  }
}
