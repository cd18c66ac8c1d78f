import type { Refusal } from '../../domain/stream/value-batch.ts'
import type { Millis } from '../../domain/time.ts'
import type { Clock, RecordSink, SinkHealth } from '../ports.ts'

/** Where there is no output topic: what the Calculator prints is counted, and goes nowhere. */
export class DiscardingSink implements RecordSink {
  readonly discards = true
  readonly #clock: Clock
  #lastAckAt: Millis | null = null

  constructor(clock: Clock) {
    this.#clock = clock
  }

  partitions(): Promise<number> {
    return Promise.resolve(1)
  }

  write(): Promise<readonly Refusal[]> {
    this.#lastAckAt = this.#clock.now()
    return Promise.resolve([])
  }

  health(): SinkHealth {
    return { lastAckAt: this.#lastAckAt, error: null }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}
