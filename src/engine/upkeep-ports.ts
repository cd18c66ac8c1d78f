// What keeping programs fit needs of the world, besides their children.
import type { ProgramSpec } from '../domain/process/spec.ts'

/** A command that is to end by itself; as a program, but nothing restarts it. */
export type OneShot = Pick<ProgramSpec, 'command' | 'directory' | 'environment' | 'umask' | 'user'>

/** How it ended. */
export interface OneShotResult {
  /** Null: it ended with 0. Else why not, such as `exit status 3`. */
  readonly failure: string | null
  /** The last it said on stdout and stderr, at most 4 KiB. */
  readonly output: string
}

/** Resolves when it has ended, whatever became of it; an abort kills its whole process group. */
export type RunOneShot = (shot: OneShot, signal: AbortSignal) => Promise<OneShotResult>

/**
 * Bytes in memory (resident) of all processes in the session of each pid, by pid; who is not in it is gone or hidden.
 * Pages that processes share count once for each.
 */
export type MeasureMemory = (leaders: readonly number[]) => Promise<ReadonlyMap<number, number>>

/** Both, for whoever needs them. */
export interface UpkeepTools {
  readonly runOneShot: RunOneShot
  readonly measureMemory: MeasureMemory
}
