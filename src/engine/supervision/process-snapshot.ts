import { crashLoop, type Process } from '../../domain/process/state.ts'
import type { Millis } from '../../domain/time.ts'
import type { ProcessSnapshot } from '../snapshot.ts'

/** One process as the read model shows it at the monotonic instant `now`. */
export function processSnapshot(process: Process, now: Millis, stderrTail: readonly string[]): ProcessSnapshot {
  const { spec, state, child, startedAt, stoppedAt, exit, spawnerr, retries, retryAt, ranWell, restarts, again } =
    process
  return {
    name: spec.name,
    group: spec.group,
    state,
    pid: child?.pid ?? null,
    startedAt,
    stoppedAt,
    exit,
    spawnerr,
    retries,
    crashLoop: crashLoop(process),
    retryInMs: retryAt === null ? null : Math.max(0, retryAt - now),
    ranWell,
    restarts,
    again,
    stderrTail,
  }
}
