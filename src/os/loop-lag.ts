// How late the event loop is: one measurement, read by everybody who shows it.
import { monitorEventLoopDelay, performance, type Histogram } from 'node:perf_hooks'
import type { LoopDelay, LoopLag } from '../engine/ports.ts'
import type { Millis } from '../domain/time.ts'

/** A timer of so many ms is what is measured: a finer one would wake an idle agent more often. */
const RESOLUTION: Millis = 10
/**
 * Begins to measure. What is read covers `window` ms of the past at least, and twice that where it is read often: two
 * readers do not take it from each other.
 */
export function loopLag(window: Millis = 15_000): LoopLag {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION })
  histogram.enable()
  let began = performance.now()
  let before: LoopDelay | null = null
  return {
    read() {
      const now = summary(histogram)
      const seen = now && before ? worse(now, before) : (now ?? before)
      if (performance.now() - began >= window) {
        before = now
        began = performance.now()
        histogram.reset()
      }
      return seen
    },
    close: () => void histogram.disable(),
  }
}

function summary(histogram: Histogram): LoopDelay | null {
  if (histogram.count === 0) return null
  const lag = (nanoseconds: number): Millis => Math.max(0, nanoseconds / 1e6 - RESOLUTION)
  return { p50: lag(histogram.percentile(50)), p99: lag(histogram.percentile(99)), max: lag(histogram.max) }
}

const worse = (one: LoopDelay, other: LoopDelay): LoopDelay => ({
  p50: Math.max(one.p50, other.p50),
  p99: Math.max(one.p99, other.p99),
  max: Math.max(one.max, other.max),
})
