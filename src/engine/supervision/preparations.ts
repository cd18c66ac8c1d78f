import { AgentError } from '../../domain/errors.ts'
import type { ProcessEvent } from '../../domain/process/state.ts'
import type { Clock, PipeOwner } from '../ports.ts'

/** Starts that wait until their owner is ready. */
export class Preparations {
  readonly #clock: Clock
  readonly #waiting = new Map<string, AbortController>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** `answer` is told once, some time later, that it may be spawned, or why not; never after `callOff`. */
  begin(name: string, owner: PipeOwner, answer: (event: ProcessEvent) => void): void {
    const controller = new AbortController()
    this.#waiting.set(name, controller)
    void this.#result(owner, controller.signal).then((event) => {
      if (this.#waiting.get(name) !== controller) return
      this.#waiting.delete(name)
      answer(event)
    })
  }

  /** It is not to be started any more. */
  callOff(name: string): void {
    this.#waiting.get(name)?.abort()
    this.#waiting.delete(name)
  }

  async #result(owner: PipeOwner, signal: AbortSignal): Promise<ProcessEvent> {
    try {
      await owner.ready?.(signal)
      return { type: 'prepared', at: this.#clock.now() }
    } catch (error) {
      if (!(error instanceof AgentError)) throw error
      return { type: 'spawnFailed', at: this.#clock.now(), wall: this.#clock.wall(), reason: error.subject }
    }
  }
}
