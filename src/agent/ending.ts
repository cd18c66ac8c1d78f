import { AgentError } from '../domain/errors.ts'
import { exitCodes } from '../domain/exit-codes.ts'
import type { Log } from '../log.ts'

/** How the agent ends. `reason`: what a platform is to show of it; null where the end was asked for. */
export interface Outcome {
  readonly code: number
  readonly reason: string | null
}

/** The end of the agent, from the moment at which somebody wants it. */
export class Ending {
  readonly #log: Pick<Log, 'line'>
  readonly #asked = Promise.withResolvers<Outcome>()
  /** The first thing that went wrong. */
  #failure: Outcome | null = null
  #isBegun = false

  constructor(log: Pick<Log, 'line'>) {
    this.#log = log
  }

  get isBegun(): boolean {
    return this.#isBegun
  }

  /** Resolves when somebody wants the end, with what was wanted first. */
  get begun(): Promise<Outcome> {
    return this.#asked.promise
  }

  /** An end that was asked for is no good end where something went wrong on the way. To be asked for at the very end. */
  async outcome(): Promise<Outcome> {
    const asked = await this.begun
    return asked.code === 0 ? (this.#failure ?? asked) : asked
  }

  begin(outcome: Outcome): void {
    this.#isBegun = true
    this.#asked.resolve(outcome)
  }

  /** For this error, told to the log; one that says no more than that the agent is leaving is none. */
  fail(error: unknown): void {
    const known = error instanceof AgentError ? error : null
    if (this.#isBegun && known?.code === 'SHUTDOWN_STATE') return
    const reason = known?.subject ?? String(error)
    this.#log.line('fatal', reason, { event: 'agent.failed', err: error })
    this.failWith({ code: known?.code === 'UNAVAILABLE' ? exitCodes.unavailable : exitCodes.bug, reason })
  }

  failWith(outcome: Outcome): void {
    this.#failure ??= outcome
    this.begin(outcome)
  }
}
