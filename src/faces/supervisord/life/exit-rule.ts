// `exit_on`: a key of ours. In a container the end of one program may be the end of all, with its exit code.
import type { ProcessSnapshot } from '../../../engine/snapshot.ts'
import { signal } from '../config/signals.ts'
import type { ProcessConfig } from '../config/types.ts'

/** What a shell says of a command that could not be run. */
const NOT_STARTED = 127

/** The code with which the daemon ends on account of this process; null: it goes on. */
export function exitCodeFor({ exitOn }: ProcessConfig, { state, exit, retryInMs }: ProcessSnapshot): number | null {
  const hasGivenUp = state === 'FATAL'
  const hasEnded = state === 'EXITED' && retryInMs === null
  if (exitOn === 'never' || (!hasGivenUp && !(hasEnded && exitOn === 'exit'))) return null
  if (exit === null) return NOT_STARTED
  const code = exit.signal === null ? (exit.code ?? 0) : 128 + signal(exit.signal).number
  // A program that gave up has failed, whatever it ended with.
  return hasGivenUp && code === 0 ? 1 : code
}
