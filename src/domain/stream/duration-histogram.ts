import type { Millis } from '../time.ts'

/** Upper bounds in seconds: what Prometheus calls `le`; everything longer is only in the count. */
export const DURATION_BOUNDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300] as const

/** How many durations lie at or below each bound, and their sum. */
export interface Durations {
  /** Cumulative, one for each of `DURATION_BOUNDS`. */
  readonly upTo: readonly number[]
  readonly count: number
  readonly sumSeconds: number
}

/** Durations in fixed buckets. Many of the same length cost as much as one. */
export class DurationHistogram {
  readonly #buckets = new Float64Array(DURATION_BOUNDS.length + 1)
  #sum: Millis = 0

  /** `count` durations of `ms` each; a clock that was set back makes no negative ones. */
  observe(ms: Millis, count: number): void {
    const length = Math.max(0, ms)
    const found = DURATION_BOUNDS.findIndex((bound) => length <= bound * 1000)
    const index = found < 0 ? DURATION_BOUNDS.length : found
    this.#buckets[index] = (this.#buckets[index] ?? 0) + count
    this.#sum += length * count
  }

  read(): Durations {
    let count = 0
    const upTo = [...this.#buckets].map((records) => (count += records))
    upTo.pop()
    return { upTo, count, sumSeconds: this.#sum / 1000 }
  }
}
