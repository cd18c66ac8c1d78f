import { setImmediate as turn } from 'node:timers/promises'
import type { Millis } from '../../src/domain/time.ts'
import type { Clock, Timer } from '../../src/engine/ports.ts'

interface Armed {
  readonly due: Millis
  readonly fire: () => void
}

/** A clock that stands still until the test moves it. Both of its instants begin far from zero, and from each other. */
export class FakeClock implements Clock {
  #now: Millis = 5_000
  readonly #wallOffset = Date.UTC(2026, 0, 1)
  readonly #armed = new Set<Armed>()

  now(): Millis {
    return this.#now
  }

  wall(): Millis {
    return this.#wallOffset + this.#now
  }

  arm(after: Millis, fire: () => void): Timer {
    const armed: Armed = { due: this.#now + Math.max(0, after), fire }
    this.#armed.add(armed)
    return { cancel: () => this.#armed.delete(armed) }
  }

  /** Timers that wait: a test of a clean end asserts 0. */
  get pending(): number {
    return this.#armed.size
  }

  /** Moves on by `ms`; fires what falls due, in order, and lets promises run before, between and after. */
  async advance(ms: Millis): Promise<void> {
    const end = this.#now + ms
    await turn()
    for (let next = this.#nextDue(end); next !== undefined; next = this.#nextDue(end)) {
      this.#now = Math.max(this.#now, next.due)
      this.#armed.delete(next)
      next.fire()
      await turn()
    }
    this.#now = end
  }

  /** The earliest timer due by `end`; of two with the same instant the one armed first. */
  #nextDue(end: Millis): Armed | undefined {
    let found: Armed | undefined
    for (const armed of this.#armed) {
      if (armed.due <= end && (found === undefined || armed.due < found.due)) found = armed
    }
    return found
  }
}
