// A model of everything around one process: a child, one deadline, a clock. It breaks loudly when a law is broken.
import assert from 'node:assert/strict'
import { namespec, type ProgramSpec } from '../../../src/domain/process/spec.ts'
import { step } from '../../../src/domain/process/machine.ts'
import {
  newProcess,
  type Deadline,
  type Effect,
  type ExitStatus,
  type Process,
  type ProcessEvent,
} from '../../../src/domain/process/state.ts'
import type { Millis } from '../../../src/domain/time.ts'

/** supervisord's defaults. */
export const program = (changes: Partial<ProgramSpec> = {}): ProgramSpec => ({
  name: 'score',
  group: 'score',
  command: ['/opt/score'],
  environment: {},
  priority: 999,
  autorestart: 'unexpected',
  startsecs: 1,
  startretries: 3,
  exitcodes: [0],
  backoff: { kind: 'linear' },
  stop: [
    { action: 'SIGTERM', wait: 10_000 },
    { action: 'SIGKILL', wait: 10_000 },
  ],
  stopasgroup: false,
  killasgroup: false,
  sweepgroup: false,
  ...changes,
})

/** The Calculator under its defaults. */
export const calculator = (changes: Partial<ProgramSpec> = {}): ProgramSpec =>
  program({ autorestart: true, startretries: -1, backoff: { kind: 'progress', max: 30_000 }, ...changes })

const aliveIn = new Set(['STARTING', 'RUNNING', 'STOPPING'])

export class World {
  process: Process
  now: Millis = 0
  /** Instants of the spawns that were tried. */
  readonly starts: Millis[] = []
  readonly told: string[] = []
  /** Signals sent, and `eof`. */
  readonly sent: string[] = []
  readonly swept: number[] = []
  spawnFails = false
  #pid = 0
  alive = false
  /** Its owner gets ready for a start. */
  preparing = false
  deadline: { readonly type: Deadline; readonly due: Millis } | null = null
  /** A stop was accepted, and no start since. */
  #stopped = false
  /** Spawns since somebody asked for a start, or since one was proven. */
  #failedInRow = 0

  constructor(spec: ProgramSpec) {
    this.process = newProcess(spec)
  }

  get state(): string {
    return this.process.state
  }

  /** True when accepted. */
  start(): boolean {
    const accepted = this.#feed({ type: 'start', at: this.now })
    this.#obeyed()
    return accepted
  }

  stop(): boolean {
    const accepted = this.#feed({ type: 'stop', at: this.now })
    if (accepted) this.#stopped = true
    this.#obeyed()
    return accepted
  }

  restart(): boolean {
    const accepted = this.#feed({ type: 'restart', at: this.now, reason: 'too fat' })
    this.#obeyed()
    return accepted
  }

  prepared(): void {
    assert.ok(this.preparing, 'the script answers where nothing was asked')
    this.preparing = false
    this.#feed({ type: 'prepared', at: this.now })
  }

  ready(): void {
    this.#feed({ type: 'ready', at: this.now })
    this.#obeyed()
  }

  progressed(): void {
    this.#feed({ type: 'progressed', at: this.now })
    this.#obeyed()
  }

  exit(code: number): void {
    this.#die({ code, signal: null })
  }

  dieOf(signal: `SIG${string}`): void {
    this.#die({ code: null, signal })
  }

  /** The clock passes; deadlines fall due in order. */
  wait(ms: Millis): void {
    const end = this.now + ms
    while (this.deadline !== null && this.deadline.due <= end) {
      const { type, due } = this.deadline
      this.deadline = null
      this.now = Math.max(this.now, due)
      this.#feed({ type, at: this.now })
      this.#obeyed()
    }
    this.now = end
  }

  #die(status: ExitStatus): void {
    assert.ok(this.alive, 'the script let a dead child die')
    this.alive = false
    this.#feed({ type: 'exited', at: this.now, wall: this.now, status })
    this.#obeyed()
  }

  #feed(event: ProcessEvent): boolean {
    const from = this.process
    const result = step(from, event)
    if ('refused' in result) return false
    if (event.type === 'start') {
      this.#stopped = false
      this.#failedInRow = 0
    }
    this.process = result.process
    for (const effect of result.effects) this.#perform(effect)
    return true
  }

  #perform(effect: Effect): void {
    switch (effect.type) {
      case 'prepare':
        assert.ok(!this.preparing, 'two preparations')
        this.preparing = true
        break
      case 'callOff':
        assert.ok(this.preparing, 'nothing to call off')
        this.preparing = false
        break
      case 'spawn':
        this.#spawn()
        break
      case 'kill':
        assert.ok(this.alive && effect.pid === this.#pid, 'a signal went to a dead child')
        this.sent.push(effect.signal)
        break
      case 'closeStdin':
        assert.ok(this.alive, 'the stdin of a dead child was closed')
        this.sent.push('eof')
        break
      case 'sweep':
        assert.ok(!this.alive && effect.pid === this.#pid, 'the group of a living child was swept')
        this.swept.push(effect.pid)
        break
      case 'arm':
        this.deadline = { type: effect.deadline, due: this.now + effect.after }
        break
      case 'disarm':
        this.deadline = null
        break
      case 'tell':
        assert.equal(effect.event.fields['process'], namespec(this.process.spec))
        if (this.#proven(effect.event.event)) this.#failedInRow = 0
        // No failed start, whenever it comes.
        if (effect.event.event === 'process.restarting') this.#failedInRow = Math.max(0, this.#failedInRow - 1)
        this.told.push(effect.event.event.replace('process.', ''))
    }
  }

  #proven(event: string): boolean {
    return event === 'process.recovered' || (event === 'process.running' && this.process.spec.backoff.kind === 'linear')
  }

  #spawn(): void {
    assert.ok(!this.alive, 'two children')
    assert.ok(!this.#stopped, 'a spawn after an accepted stop')
    this.starts.push(this.now)
    this.#failedInRow += 1
    const { startretries, backoff } = this.process.spec
    if (startretries >= 0 && backoff.kind === 'linear') {
      assert.ok(this.#failedInRow <= startretries + 1, 'more starts in a row than startretries allows')
    }
    if (this.spawnFails) {
      this.#feed({ type: 'spawnFailed', at: this.now, wall: this.now, reason: "can't find command '/opt/score'" })
      return
    }
    this.#pid += 1
    this.alive = true
    this.#feed({ type: 'spawned', at: this.now, wall: this.now, pid: this.#pid })
  }

  /** What holds between any two events. */
  #obeyed(): void {
    const { state, retries, retryAt, child, spec } = this.process
    assert.equal(this.alive, aliveIn.has(state) && !this.preparing, `alive is ${this.alive} in ${state}`)
    assert.ok(!this.preparing || state === 'STARTING', `preparing in ${state}`)
    assert.equal(child?.pid ?? null, this.alive ? this.#pid : null)
    if (spec.startretries >= 0) assert.ok(retries <= spec.startretries + 1, `${retries} retries`)
    const awaitsStart = this.deadline?.type === 'retryDue' && state !== 'BACKOFF'
    if (state !== 'BACKOFF') assert.equal(retryAt !== null, awaitsStart)
    const endsByItself = ['STOPPING', 'BACKOFF'].includes(state) || (state === 'STARTING' && spec.ready !== 'told')
    if (endsByItself && !this.preparing) assert.ok(this.deadline !== null, `nothing ends ${state}`)
    if (['STOPPED', 'FATAL'].includes(state)) assert.equal(this.deadline, null, `${state} awaits something`)
  }
}
