// How much unread input a child may have in its pipe. A checkpoint and a drain wait until the child has worked off
// what it was given, so a slow child gets about half a second of work at a time, and a fast one as much as it takes.
import type { Millis } from '../time.ts'

export interface Pace {
  /** Bytes that may lie unread; one line always passes when nothing lies unread. */
  readonly credit: number
}

/** From this credit on the kernel's own back-pressure is enough: writes follow each other without a look at the pipe. */
export const FLOWING = 256 * 1024
const WORK_AHEAD: Millis = 500
const HUNGRY: Millis = 20

/** A new child shows first how fast it is. */
export const initialPace: Pace = { credit: 1 }

export const isFlowing = (pace: Pace): boolean => pace.credit >= FLOWING

/** `elapsed`: from the end of a write of `bytes` until at most half the credit lay unread. */
export function afterWorkedOff(pace: Pace, bytes: number, elapsed: Millis): Pace {
  if (elapsed <= HUNGRY) return { credit: Math.min(FLOWING, Math.max(pace.credit, bytes) * 4) }
  if (elapsed > WORK_AHEAD) return { credit: Math.max(1, Math.floor(Math.min(pace.credit, bytes) / 2)) }
  return pace
}

/** `elapsed`: how long the kernel needed to take a write while flowing; a child that fell behind is paced again. */
export function afterWrite(pace: Pace, bytes: number, elapsed: Millis): Pace {
  if (elapsed <= WORK_AHEAD) return pace
  return { credit: Math.max(1, Math.floor((bytes * WORK_AHEAD) / elapsed / 2)) }
}
