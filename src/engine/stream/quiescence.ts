// When has a child worked off everything it was given? The only judge of relay's checkpoints.
import type { Millis } from '../../domain/time.ts'
import type { Activity, Child, Clock } from '../ports.ts'
import { wait } from '../waiting.ts'

/** Silence that proves a checkpoint when the child is parked in a read of our pipe. */
export const QUIET_PROVEN: Millis = 50
/** Silence that lets us assume one where the operating system does not show what the child waits for. */
export const QUIET_ASSUMED: Millis = 1000
/**
 * CPU time in ns that a parked group may use within the assumed quiet time: runtimes keep house while they wait (an idle
 * JVM: 0.7 ms a second, with a thread that wakes every 50 ms).
 */
const HOUSEKEEPING = 5_000_000n
const POLL_FIRST: Millis = 5
const POLL_MAX: Millis = 250

/** How a watch for silence ended; see `quiescence`. */
export type Quiescence = 'proven' | 'assumed' | 'interrupted'

export interface QuiescenceParts {
  readonly clock: Clock
  readonly child: Child
  readonly activity: () => Activity
  /** Stdout bytes seen so far. */
  readonly outputSeen: () => number
  /** True while stdout is not read (back-pressure): silence means nothing then. */
  readonly outputPaused: () => boolean
  /** Ends the watch: the child died, new input was fed, time is up. */
  readonly interrupted: () => boolean
}

interface Sample {
  readonly cpu: bigint | null
  readonly output: number
  readonly parked: Activity['parked']
}

/**
 * Resolves once the child has read its stdin and stayed parked, and no stdout byte came, for the whole quiet time:
 * `proven` when it was parked in a read of our pipe and no thread of its group used CPU, `assumed` when it waited in
 * some other way, or did no more than keep house.
 */
export async function quiescence(parts: QuiescenceParts): Promise<Quiescence> {
  const { clock, child } = parts
  let pause = POLL_FIRST
  while (!parts.interrupted()) {
    const before = drained(child) && !parts.outputPaused() ? sample(parts) : null
    if (before && before.parked !== 'busy') {
      const proven = before.parked === 'stdin'
      // One more turn of the loop each time, so that output which came while the loop was late has been read.
      await wait(clock, proven ? QUIET_PROVEN : QUIET_ASSUMED)
      await wait(clock, 1)
      if (parts.interrupted()) break
      const seen = silence(parts, before)
      if (seen === 'idle' && proven) return 'proven'
      if (seen !== 'broken' && proven) {
        await wait(clock, QUIET_ASSUMED - QUIET_PROVEN)
        await wait(clock, 1)
        if (parts.interrupted()) break
      }
      if (seen !== 'broken' && silence(parts, before) !== 'broken') return 'assumed'
      pause = POLL_FIRST
      continue
    }
    await wait(clock, pause)
    pause = Math.min(POLL_MAX, pause * 2)
  }
  return 'interrupted'
}

const drained = (child: Child): boolean => (child.stdin.unread() ?? 0) === 0 && (child.stdout.unread() ?? 0) === 0

function sample(parts: QuiescenceParts): Sample {
  const { cpu, parked } = parts.activity()
  return { cpu, output: parts.outputSeen(), parked }
}

/**
 * What became of a silence that began with `before`. A child whose CPU time cannot be seen is judged by its silence
 * alone.
 */
function silence(parts: QuiescenceParts, before: Sample): 'idle' | 'housekeeping' | 'broken' {
  if (!drained(parts.child) || parts.outputPaused()) return 'broken'
  const { cpu, output, parked } = sample(parts)
  if (output !== before.output || parked !== before.parked) return 'broken'
  if (cpu === before.cpu) return 'idle'
  return cpu !== null && before.cpu !== null && cpu - before.cpu <= HOUSEKEEPING ? 'housekeeping' : 'broken'
}
