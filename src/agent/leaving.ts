// The order in which everything ends, with its clocks. Nothing here can take longer than they say.
import type { Millis } from '../domain/time.ts'
import type { Adoption } from '../engine/document/adoption.ts'
import type { Clock } from '../engine/ports.ts'
import type { Workers } from '../engine/stream/workers.ts'
import { within } from '../engine/waiting.ts'

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
  /** Takes the agent out of every catalog. */
  readonly deregister: () => Promise<void>
  /** A step failed; those after it are taken all the same. */
  readonly failed: (error: unknown) => unknown
}

/**
 * From the end of the Calculator to the end of the streams, whoever does not answer: a tenth of the promised second is
 * left for whatever else is open.
 */
const GOODBYE: Millis = 900
/** Of it at most for storing and committing what the Calculator said last; the rest is for leaving the group. */
const LAST_WORDS: Millis = 700

/** Drains, ends the Calculator, stores its last answers, gives the partitions back, and deregisters beside that. */
export async function leaveStreams({ clock, adoption, failed, ...parts }: LeavingParts): Promise<void> {
  const take = async (step: Promise<unknown>): Promise<void> => {
    await step.catch(failed)
  }
  const { workers } = adoption
  const changing = adoption.close()
  if (workers) await Promise.race([take(workers.drain(parts.adoptionGraceMs)), parts.hurry])
  await take(parts.stop())
  const until = clock.now() + GOODBYE
  const giveBack = async (): Promise<void> => {
    await within(clock, LAST_WORDS, take(Promise.all([workers && take(workers.finished()), changing])))
    await within(clock, until - clock.now(), take(adoption.closeSides()))
  }
  await Promise.all([giveBack(), within(clock, GOODBYE, take(parts.deregister()))])
}
