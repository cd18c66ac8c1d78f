import type { DeadLetter } from '../../src/domain/stream/value-batch.ts'
import type { Clock, DeadLetterSink, SinkHealth } from '../../src/engine/ports.ts'

/** Dead letters that take their time; those that are under way when it is closed are rejected. */
export class SlowLetters implements DeadLetterSink {
  readonly #clock: Clock
  readonly #time: number
  readonly #kept: DeadLetter[]
  readonly #closed = Promise.withResolvers<never>()

  /** A write takes `time` ms; `kept`: where they are stored. */
  constructor(clock: Clock, time: number, kept: DeadLetter[]) {
    this.#clock = clock
    this.#time = time
    this.#kept = kept
    this.#closed.promise.catch(() => undefined)
  }

  async write(letters: readonly DeadLetter[]): Promise<void> {
    const stored = new Promise<void>((resolve) => this.#clock.arm(this.#time, resolve))
    if (this.#time > 0) await Promise.race([stored, this.#closed.promise])
    this.#kept.push(...letters)
  }

  health(): SinkHealth {
    return { lastAckAt: null, error: null }
  }

  close(): Promise<void> {
    this.#closed.reject(new Error('closed'))
    return Promise.resolve()
  }
}
