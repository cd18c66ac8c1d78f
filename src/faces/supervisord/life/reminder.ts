import type { Millis } from '../../../domain/time.ts'
import type { Clock, Timer } from '../../../engine/ports.ts'

/** Says something now, and again after each `pause`, until it is cancelled. */
export function reminder(clock: Clock, pause: Millis, say: () => void): Timer {
  let timer: Timer
  const remind = (): void => {
    say()
    timer = clock.arm(pause, remind)
  }
  remind()
  return { cancel: () => timer.cancel() }
}
