// TICK_5, TICK_60 and TICK_3600: told when the wall clock enters the next slice of that length (supervisord: tick).
import type { Clock, Timer } from '../../../engine/ports.ts'
import type { EventBus } from './event-bus.ts'

const periods = [5, 60, 3600] as const
const second = 1000

/** Begins to tell; returns what ends it. */
export function startTicks(bus: EventBus, clock: Clock): () => void {
  const sliceOf = (period: number): number => Math.floor(clock.wall() / second / period) * period
  const last = new Map(periods.map((period) => [period, sliceOf(period)]))
  let timer: Timer
  const tick = (): void => {
    for (const period of periods) {
      const slice = sliceOf(period)
      if (slice === last.get(period)) continue
      last.set(period, slice)
      bus.notify(`TICK_${period}`, `when:${slice}`)
    }
    arm()
  }
  const arm = (): void => {
    const shortest = periods[0] * second
    timer = clock.arm(shortest - (clock.wall() % shortest), tick)
  }
  arm()
  return () => timer.cancel()
}
