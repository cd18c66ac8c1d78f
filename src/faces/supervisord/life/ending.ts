import { setImmediate as breathe } from 'node:timers/promises'
import { AgentError } from '../../../domain/errors.ts'
import type { Supervisor } from '../../../engine/supervision/supervisor.ts'
import type { DaemonState } from '../daemon.ts'
import { exitCodeFor } from './exit-rule.ts'
import type { Roster } from './roster.ts'
import { stopEverything } from './stop-everything.ts'
import type { Surroundings } from './surroundings.ts'

/** The end of what runs beside the programs, and may need them: it comes before a shutdown stops them. */
export interface CompanionEnd {
  /** Asks for it, unless somebody has; resolves when it is there. */
  come(): Promise<unknown>
  /** Somebody asked for it, and so for the end of all. */
  isDue(): boolean
}

export interface EndingParts {
  readonly supervisor: Supervisor
  readonly roster: Roster
  readonly around: Surroundings
  readonly companion: CompanionEnd | undefined
}

/** The end of a life, from the moment at which somebody wants it: what comes first, and what is wanted next. */
export class Ending {
  readonly #parts: EndingParts
  readonly #ended = Promise.withResolvers<'SHUTDOWN' | 'RESTARTING'>()
  readonly #last: (() => void)[] = []
  #state: DaemonState = 'RUNNING'
  #exitCode = 0

  constructor(parts: EndingParts) {
    this.#parts = parts
  }

  get state(): DaemonState {
    return this.#state
  }

  /** 0 unless a program has `exit_on`. */
  get exitCode(): number {
    return this.#exitCode
  }

  /** Resolves when everything is stopped, with what is wanted next. */
  get ended(): Promise<'SHUTDOWN' | 'RESTARTING'> {
    return this.#ended.promise
  }

  /** Raises SHUTDOWN_STATE once somebody wants it. */
  readonly mustRun = (): void => {
    if (this.#state === 'SHUTDOWN' || this.#state === 'RESTARTING') throw new AgentError('SHUTDOWN_STATE', '')
  }

  /** To be called when everything is stopped. */
  atEnd(end: () => void): void {
    this.#last.push(end)
  }

  /** Somebody wants it; of two wishes a shutdown is the stronger. */
  begin(state: 'SHUTDOWN' | 'RESTARTING'): void {
    if (this.#state === 'SHUTDOWN') return
    const isFirst = this.#state === 'RUNNING'
    this.#state = state
    if (isFirst) void this.#come()
  }

  /** Whether the end of a process is the end of all. */
  judge(namespec: string): void {
    const { roster, supervisor, around } = this.#parts
    const process = roster.known(namespec)
    const snapshot = supervisor.snapshot(namespec)
    if (process === undefined || snapshot === undefined || this.#state !== 'RUNNING') return
    const code = exitCodeFor(process.config, snapshot)
    if (code === null) return
    around.mainLog.line('warn', `${process.name} has ended, and with it everything (exit_on)`)
    this.#exitCode = code
    this.begin('SHUTDOWN')
  }

  async #come(): Promise<void> {
    const { supervisor, roster, around, companion } = this.#parts
    // Who asked for it gets an answer first.
    await breathe()
    if (this.#state === 'SHUTDOWN') await companion?.come()
    await stopEverything(supervisor, roster, around)
    await roster.hooks.allIdle()
    for (const end of this.#last) end()
    around.followers.close()
    this.#ended.resolve(this.#state === 'SHUTDOWN' ? 'SHUTDOWN' : 'RESTARTING')
  }
}
