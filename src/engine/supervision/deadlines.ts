import type { Millis } from '../../domain/time.ts'
import type { Clock, Timer } from '../ports.ts'

/** One deadline per key; arming replaces it. */
export class Deadlines {
  readonly #clock: Pick<Clock, 'arm'>
  readonly #armed = new Map<string, Timer>()

  constructor(clock: Pick<Clock, 'arm'>) {
    this.#clock = clock
  }

  arm(key: string, after: Millis, fire: () => void): void {
    this.disarm(key)
    const timer = this.#clock.arm(after, () => {
      this.#armed.delete(key)
      fire()
    })
    this.#armed.set(key, timer)
  }

  disarm(key: string): void {
    this.#armed.get(key)?.cancel()
    this.#armed.delete(key)
  }
}
