// The order in which everything ends, with its clocks. Nothing here can take longer than they say.
import type { Millis } from '../domain/time.ts'
import type { Adoption } from '../engine/adoption.ts'
import type { Clock } from '../engine/ports.ts'
import type { Workers } from '../engine/workers.ts'

/** What is left of the streams. */
export interface Leaving extends Pick<Adoption, 'close' | 'closeSides'> {
  readonly workers: Pick<Workers, 'drain' | 'finished'> | null
}

export interface LeavingParts {
  readonly clock: Clock
  readonly adoption: Leaving
  /** Ends the Calculator for good. */
  readonly stop: () => Promise<void>
  readonly adoptionGraceMs: Millis
  /** Resolves when somebody is in a hurry: the drain is cut short. */
  readonly hurry: Promise<void>
  /** A step failed; those after it are taken all the same. */
  readonly failed: (error: unknown) => unknown
}

/** What the Calculator said last is stored and committed, and the group left, in at most this time each. */
const LAST_WORDS: Millis = 1000
const GOODBYE: Millis = 500

/** Drains, ends the Calculator, stores its last answers, gives the partitions back. */
export async function leaveStreams({ clock, adoption, stop, failed, ...parts }: LeavingParts): Promise<void> {
  const take = async (step: Promise<unknown>): Promise<void> => {
    await step.catch(failed)
  }
  const within = async (limit: Millis, work: Promise<unknown>): Promise<void> => {
    const late = Promise.withResolvers<undefined>()
    const timer = clock.arm(limit, () => late.resolve(undefined))
    await Promise.race([take(work), late.promise])
    timer.cancel()
  }
  const { workers } = adoption
  const changing = adoption.close()
  if (workers) await Promise.race([take(workers.drain(parts.adoptionGraceMs)), parts.hurry])
  await take(stop())
  if (workers) await within(LAST_WORDS, workers.finished())
  await within(GOODBYE, changing)
  await within(GOODBYE, adoption.closeSides())
}
