import { setImmediate as breathe } from 'node:timers/promises'
import { AgentError } from '../../../domain/errors.ts'
import type { ProgramSpec } from '../../../domain/process/spec.ts'
import type { ProcessState } from '../../../domain/process/state.ts'
import type { Clock, Timer } from '../../../engine/ports.ts'
import type { ProcessSnapshot } from '../../../engine/snapshot.ts'
import type { Supervisor } from '../../../engine/supervision/supervisor.ts'
import { signal as signalOf, type SignalValue } from '../config/signals.ts'
import { stoppedStates, type Outcome, type Waiting } from '../daemon.ts'
import type { MainLog } from '../main-log/main-log.ts'
import type { Handled } from './guest.ts'
import { reminder } from './reminder.ts'
import type { Roster } from './roster.ts'
import { inSlices } from './slices.ts'
import type { StateWatch } from './state-watch.ts'

const running: readonly ProcessState[] = ['RUNNING', 'BACKOFF', 'STARTING']
const signallable: readonly ProcessState[] = ['RUNNING', 'STARTING', 'STOPPING']
const reportEveryMs = 2000

/** Waits for the end of a command that was given. */
type Rest = () => Promise<unknown>

export interface CommandParts {
  readonly clock: Clock
  readonly supervisor: Supervisor
  readonly roster: Roster
  readonly watch: StateWatch
  readonly mainLog: MainLog
  /** Raises NO_FILE, NOT_EXECUTABLE, SPAWN_ERROR. */
  readonly checkCommand: (spec: ProgramSpec) => void
  /** Raises SHUTDOWN_STATE. */
  readonly mustRun: () => void
}

/** Start, stop and signal, for one process or many, with supervisord's refusals (supervisord: rpcinterface). */
export class Commands {
  readonly #parts: CommandParts

  constructor(parts: CommandParts) {
    this.#parts = parts
  }

  snapshot(process: Handled): ProcessSnapshot {
    const snapshot = this.#parts.supervisor.snapshot(process.namespec)
    if (snapshot === undefined) throw new AgentError('BAD_NAME', process.namespec)
    return snapshot
  }

  async start(name: string, options: Waiting): Promise<void> {
    await this.#beginStart(name, options)?.()
  }

  async stop(name: string, options: Waiting): Promise<void> {
    await this.#beginStop(name, options)?.()
  }

  /** Gives the command, and what waits for its end; null: that is known already. */
  #beginStart(name: string, { wait }: Waiting): Rest | null {
    const { roster, supervisor, watch, checkCommand, mustRun } = this.#parts
    mustRun()
    const process = roster.find(name)
    try {
      checkCommand(process.spec)
    } catch (error) {
      // What cannot be parsed is no program either.
      const isBad = error instanceof AgentError && error.code === 'SPAWN_ERROR'
      throw isBad ? new AgentError('NOT_EXECUTABLE', error.subject, { cause: error }) : error
    }
    try {
      supervisor.start(process.namespec)
    } catch (error) {
      if (!(error instanceof AgentError)) throw error
      if (error.code === 'ABNORMAL_TERMINATION' && !wait) return null
      const subject = error.code === 'FAILED' ? `${name} is in an unknown process state` : name
      throw new AgentError(error.code, subject, { cause: error })
    }
    const isUp = (): true | undefined => {
      const now = supervisor.snapshot(process.namespec)
      if (now === undefined) throw new AgentError('ABNORMAL_TERMINATION', name)
      if (now.spawnerr !== '') throw new AgentError('SPAWN_ERROR', name)
      if (now.state === 'RUNNING') return isFit(process) ? true : undefined
      if (now.state !== 'STARTING') throw new AgentError('ABNORMAL_TERMINATION', name)
      return undefined
    }
    return isUp() === true || !wait ? null : () => watch.until(process.namespec, isUp)
  }

  #beginStop(name: string, { wait }: Waiting): Rest | null {
    const { roster, supervisor, mustRun } = this.#parts
    mustRun()
    const process = roster.find(name)
    if (!this.isUp(process)) throw new AgentError('NOT_RUNNING', name)
    supervisor.requestStop(process.namespec)
    const judge = (): ProcessState => {
      const { state, spawnerr } = this.snapshot(process)
      if (state === 'UNKNOWN') throw new AgentError('FAILED', spawnerr)
      return state
    }
    if (judge() !== 'STOPPING' || !wait) return null
    return async () => {
      const report = this.#report(process)
      try {
        await supervisor.whenSettled(process.namespec)
      } finally {
        report.cancel()
      }
      judge()
    }
  }

  /** Raises BAD_NAME, BAD_SIGNAL, NOT_RUNNING, FAILED. */
  signal(name: string, signal: string): void {
    this.#parts.mustRun()
    const process = this.#parts.roster.find(name)
    const { name: wanted } = parsed(signal)
    if (!this.#isSignallable(process)) throw new AgentError('NOT_RUNNING', name)
    this.#parts.mainLog.line('debug', `sending ${process.name} sig ${wanted}`)
    this.#parts.supervisor.signal(process.namespec, wanted)
  }

  /** Rejects with BAD_NAME, NOT_RUNNING, NO_FILE, FAILED. supervisord: rpcinterface.sendProcessStdin. */
  async sendStdin(name: string, bytes: Uint8Array): Promise<void> {
    this.#parts.mustRun()
    const process = this.#parts.roster.find(name)
    if (this.snapshot(process).state === 'STOPPING') throw new AgentError('NOT_RUNNING', name)
    process.write(bytes, name)
    await breathe()
    process.mustTakeInput(name)
  }

  /** Up, or about to be again. */
  isUp(process: Handled): boolean {
    const { state, retryInMs, again } = this.snapshot(process)
    return running.includes(state) || again !== null || (state === 'EXITED' && retryInMs !== null)
  }

  #isSignallable(process: Handled): boolean {
    return signallable.includes(this.snapshot(process).state)
  }

  /** Those that are not up. */
  startMany(processes: readonly Handled[], options: Waiting): Promise<readonly Outcome[]> {
    const down = processes.filter((process) => !running.includes(this.snapshot(process).state))
    return this.#each(down, (name) => this.#beginStart(name, options))
  }

  /** Those that are up. */
  stopMany(processes: readonly Handled[], options: Waiting): Promise<readonly Outcome[]> {
    const up = processes.filter((process) => this.isUp(process))
    return this.#each(up, (name) => this.#beginStop(name, options))
  }

  /** Those that have a child. */
  signalMany(processes: readonly Handled[], signal: string): readonly Outcome[] {
    const living = processes.filter((process) => this.#isSignallable(process))
    return this.eachAtOnce(living, (name) => this.signal(name, signal))
  }

  /** A command that takes no time, for many. */
  eachAtOnce(processes: readonly Handled[], command: (name: string) => void): readonly Outcome[] {
    return processes.map(({ spec: { name, group }, namespec }) => {
      try {
        command(namespec)
        return { name, group, error: null }
      } catch (error) {
        if (!(error instanceof AgentError)) throw error
        return { name, group, error }
      }
    })
  }

  /** Whether all of them are down; those that would be started again are not any more. */
  rest(processes: readonly Handled[]): boolean {
    if (!processes.every((process) => stoppedStates.includes(this.snapshot(process).state))) return false
    for (const process of processes) if (this.isUp(process)) this.#parts.supervisor.requestStop(process.namespec)
    return true
  }

  /** One command for many: first the outcomes that are known at once, then the others as they become known. */
  async #each(processes: readonly Handled[], begin: (name: string) => Rest | null): Promise<readonly Outcome[]> {
    const { clock } = this.#parts
    const atOnce: Outcome[] = []
    const later: Outcome[] = []
    const waiting: Promise<void>[] = []
    await inSlices(clock, processes, ({ spec: { name, group }, namespec }) => {
      const success: Outcome = { name, group, error: null }
      const failure = (error: unknown): Outcome => {
        if (!(error instanceof AgentError)) throw error
        return { name, group, error }
      }
      try {
        const rest = begin(namespec)
        if (rest === null) atOnce.push(success)
        else waiting.push(tell(rest(), success, failure, later))
      } catch (error) {
        atOnce.push(failure(error))
      }
    })
    await Promise.all(waiting)
    return [...atOnce, ...later]
  }

  /** supervisord: Subprocess.stop_report. */
  #report(process: Handled): Timer {
    const { clock, mainLog } = this.#parts
    return reminder(clock, reportEveryMs, () => {
      if (this.snapshot(process).state === 'STOPPING') mainLog.line('info', `waiting for ${process.name} to stop`)
    })
  }
}

/** Where nothing checks it, to be RUNNING is enough. */
export const isFit = ({ health }: Pick<Handled, 'health'>): boolean => health === null || health === 'healthy'

async function tell(
  rest: Promise<unknown>,
  success: Outcome,
  failure: (error: unknown) => Outcome,
  later: Outcome[],
): Promise<void> {
  try {
    await rest
    later.push(success)
  } catch (error) {
    later.push(failure(error))
  }
}

function parsed(signal: string): SignalValue {
  try {
    return signalOf(signal)
  } catch (cause) {
    throw new AgentError('BAD_SIGNAL', signal, { cause })
  }
}
