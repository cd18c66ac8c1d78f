// The order in which everything ends, with its clocks. Nothing here can take longer than they say.
import type { Millis } from '../domain/time.ts'
import type { Adoption } from '../engine/adoption.ts'
import type { Clock } from '../engine/ports.ts'

export interface LeavingParts {
  readonly clock: Clock
  readonly adoption: Adoption
  /** Ends the Calculator for good. */
  readonly stop: () => Promise<void>
  readonly adoptionGraceMs: Millis
  /** Resolves when somebody is in a hurry: the drain is cut short. */
  readonly hurry: Promise<void>
}

/** What the Calculator said last is stored and committed, and the group left, in at most this time each. */
const LAST_WORDS: Millis = 1000
const GOODBYE: Millis = 500

/** Drains, ends the Calculator, stores its last answers, gives the partitions back. */
export async function leaveStreams({ clock, adoption, stop, ...parts }: LeavingParts): Promise<void> {
  const within = async (limit: Millis, work: Promise<unknown>): Promise<void> => {
    let timer: { cancel(): void } | null = null
    const late = new Promise<void>((resolve) => {
      timer = clock.arm(limit, resolve)
    })
    await Promise.race([work, late])
    ;(timer as { cancel(): void } | null)?.cancel()
  }
  const { workers } = adoption
  const changing = adoption.close()
  if (workers) await Promise.race([workers.drain(parts.adoptionGraceMs), parts.hurry])
  await stop()
  if (workers) await within(LAST_WORDS, workers.finished())
  await within(GOODBYE, changing)
  await within(GOODBYE, adoption.closeSides())
}
