// `exit_on`: a key of ours. In a container the end of one program may be the end of all, with its exit code.
import { exitCodes } from '../../../domain/exit-codes.ts'
import type { ProcessSnapshot } from '../../../engine/snapshot.ts'
import { signal } from '../config/signals.ts'
import type { ProcessConfig } from '../config/types.ts'

/** The code with which the daemon ends on account of this process; null: it goes on. */
export function exitCodeFor({ exitOn }: ProcessConfig, { state, exit, retryInMs }: ProcessSnapshot): number | null {
  const hasGivenUp = state === 'FATAL'
  const hasEnded = state === 'EXITED' && retryInMs === null
  if (exitOn === 'never' || (!hasGivenUp && !(hasEnded && exitOn === 'exit'))) return null
  if (exit === null) return exitCodes.notStarted
  const code = exit.signal === null ? (exit.code ?? 0) : 128 + signal(exit.signal).number
  // A program that gave up has failed, whatever it ended with.
  return hasGivenUp && code === 0 ? 1 : code
}
