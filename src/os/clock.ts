import type { Millis } from '../domain/time.ts'
import type { Clock, Timer } from '../engine/ports.ts'

/** Node runs a longer timer at once; a deadline that far away only has to be far away. */
const LONGEST_TIMER = 2 ** 31 - 1

/** The clock of the machine. An armed timer keeps the event loop alive until it fires or is cancelled. */
export const systemClock: Clock = {
  now: (): Millis => performance.now(),
  wall: (): Millis => Date.now(),
  arm(after: Millis, fire: () => void): Timer {
    // Node counts whole ms and may fire a fraction early; "alive for more than startsecs" must not be told too soon.
    const timer = setTimeout(fire, Math.min(LONGEST_TIMER, after > 0 ? Math.ceil(after) + 1 : 0))
    return { cancel: () => clearTimeout(timer) }
  },
}
