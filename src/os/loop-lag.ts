// How late the event loop is: one measurement, read by everybody who shows it.
import { monitorEventLoopDelay, performance, type Histogram } from 'node:perf_hooks'
import type { LoopDelay, LoopLag } from '../engine/ports.ts'
import type { Millis } from '../domain/time.ts'

/** A timer of so many ms is what is measured: a finer one would wake an idle agent more often. */
const RESOLUTION: Millis = 10

/**
 * Begins to measure. What is read covers `window` ms of the past at least, and twice that where it is read often: two
 * readers do not take it from each other. Histograms are exchanged, never reset: a reset loses the delay that is still
 * being measured, which is the long one that somebody looks for.
 */
export function loopLag(window: Millis = 15_000, now: () => Millis = () => performance.now()): LoopLag {
  let older = measuring()
  let newer = measuring()
  let began = now()
  return {
    read() {
      if (now() - began >= window) {
        older.disable()
        older = newer
        newer = measuring()
        began = now()
      }
      return summary(older)
    },
    close() {
      older.disable()
      newer.disable()
    },
  }
}

function measuring(): ReturnType<typeof monitorEventLoopDelay> {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION })
  histogram.enable()
  return histogram
}

function summary(histogram: Histogram): LoopDelay | null {
  if (histogram.count === 0) return null
  const lag = (nanoseconds: number): Millis => Math.max(0, nanoseconds / 1e6 - RESOLUTION)
  return { p50: lag(histogram.percentile(50)), p99: lag(histogram.percentile(99)), max: lag(histogram.max) }
}
