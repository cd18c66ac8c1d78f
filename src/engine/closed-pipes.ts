// A Calculator that closed stdin or stdout and lives on: it can get, or say, nothing more, and nobody would see why.
import type { Protocol } from '../domain/stream/settings.ts'
import type { Millis } from '../domain/time.ts'
import type { Lane } from './lane.ts'
import type { Clock } from './ports.ts'
import type { StreamReport } from './stream-report.ts'

/** Whoever ends closes its pipes too: the death comes within this time. */
const DEATH_WAIT: Millis = 1000

/** Why such a Calculator is not ready. */
export const STDIN_CLOSED =
  'closed its stdin: it gets no more records before it is started anew, which ANSWER_TIMEOUT would do'

const what = {
  stdin: STDIN_CLOSED,
  stdout: 'closed its stdout: it cannot answer any more; one that writes elsewhere is PROTOCOL=sink',
}

/**
 * One warning, and for stdin the end of readiness, unless the Calculator is dead or on its way out by then, or does not
 * need that pipe.
 */
export function watchClosed(
  lane: Lane,
  pipe: 'stdin' | 'stdout',
  clock: Clock,
  report: StreamReport,
  protocol: () => Protocol,
): void {
  const idle = pipe === 'stdin' ? 'source' : 'sink'
  clock.arm(DEATH_WAIT, () => {
    if (lane.over || lane.stopping || lane.inputEnded || lane.stdinClosed || protocol() === idle) return
    if (pipe === 'stdin') lane.stdinClosed = true
    const { pid } = lane.child
    report.publish('pipe-closed', 'warn', `the Calculator lives and ${what[pipe]}`, { pid, pipe })
  })
}

/** Between two records it is looked at that often: no write would tell. */
const EVERY: Millis = 1000

/** Calls `closed` once, when the child has closed its stdin, as long as that says something. */
export function lookAtStdin(lane: Lane, clock: Clock, closed: () => void): void {
  const { stdin } = lane.child
  if (stdin.closed === undefined) return
  clock.arm(EVERY, () => {
    if (lane.over || lane.inputEnded || lane.inputFailed) return
    if (stdin.closed?.() === true) closed()
    else lookAtStdin(lane, clock, closed)
  })
}
