// What a death of the Calculator says about the records that it had.
import type { ExitStatus } from '../process/state.ts'

/**
 * `clean`: it came to the end of its input and left with exit 0. `idle`: it had no record. `start`: it had read nothing
 * yet. `violation`: it broke its protocol, and was killed for it. `environment`: somebody ended it. `out-of-memory`: the kernel did. `crash`: it died of its own doing, or hung.
 */
export type Death = 'clean' | 'idle' | 'start' | 'violation' | 'environment' | 'out-of-memory' | 'crash'

export interface DeathFacts {
  readonly status: ExitStatus
  /** It broke its protocol. */
  readonly broken: boolean
  /** We sent it a signal: it was to stop. */
  readonly stopped: boolean
  /** We killed it because it did not answer. */
  readonly hung: boolean
  /** The kernel killed something of this container for lack of memory while it ran. */
  readonly outOfMemory: boolean
  readonly inputEnded: boolean
  /** It took at least a byte of its input, as far as that can be known. */
  readonly hasRead: boolean
  /** Records handed over and not done. */
  readonly inFlight: number
}

const OUTSIDE = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP']
/** A shell exits with 128 and the number of the signal that ended what it waited for. */
const OUTSIDE_CODES = [137, 143, 130, 129]

/** Why a Calculator died, as far as its records are concerned: the first of these that fits. */
export function deathOf(facts: DeathFacts): Death {
  const { code, signal } = facts.status
  if (code === 0 && facts.inputEnded && !facts.hung) return 'clean'
  if (facts.broken) return 'violation'
  if (facts.stopped) return 'environment'
  if (facts.inFlight === 0) return 'idle'
  if (!facts.hasRead) return 'start'
  if (facts.hung) return 'crash'
  if ((signal === 'SIGKILL' || code === 137) && facts.outOfMemory) return 'out-of-memory'
  const fromOutside = signal === null ? OUTSIDE_CODES.includes(code ?? 0) : OUTSIDE.includes(signal)
  return fromOutside ? 'environment' : 'crash'
}
