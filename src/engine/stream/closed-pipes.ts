// A Calculator that closed stdin or stdout and lives on: it can get, or say, nothing more, and nobody would see why.
import type { ProtocolRules } from '../../domain/stream/protocol/protocol.ts'
import type { Millis } from '../../domain/time.ts'
import type { Answering } from './answering.ts'
import type { Feeder } from './feeder.ts'
import type { Lane } from './lane.ts'
import type { Clock } from '../ports.ts'
import type { StreamParts, StreamSides } from './stream-parts.ts'
import type { StreamReport } from './stream-report.ts'

export interface ClosedPipeWorks {
  readonly parts: Pick<StreamParts, 'clock' | 'replayable'>
  readonly sides: Pick<StreamSides, 'protocol' | 'sink'>
  readonly rules: ProtocolRules
  readonly report: StreamReport
  readonly feeder: Pick<Feeder, 'detach'>
  readonly answering: Pick<Answering, 'fellSilent'>
}

/** Whoever ends closes its pipes too: the death comes within this time. */
const DEATH_WAIT: Millis = 1000
/** One that has told all it had to tell may still have something to put in order. */
const LAST_WORK: Millis = 4000

/** Why such a Calculator is not ready. */
export const STDIN_CLOSED =
  'closed its stdin: it gets no more records before it is started anew, which ANSWER_TIMEOUT would do'

const what = {
  stdin: STDIN_CLOSED,
  stdout: 'closed its stdout: it cannot answer any more; one that writes elsewhere is PROTOCOL=sink',
}

/**
 * One warning, unless the Calculator is dead or on its way out by then, or does not need that pipe. Without stdin it is
 * not ready any more; without a stdout that is needed it gets no more, and is started anew.
 */
export function pipeClosed(works: ClosedPipeWorks, lane: Lane, pipe: 'stdin' | 'stdout'): void {
  const idle = pipe === 'stdin' ? 'source' : 'sink'
  if (pipe === 'stdout') lane.mute = lane.stdoutClosed && needsStdout(works)
  works.parts.clock.arm(DEATH_WAIT, () => {
    const isTold = pipe === 'stdin' && lane.stdinClosed
    if (!lives(lane) || isTold || works.sides.protocol === idle) return
    if (pipe === 'stdin') lane.stdinClosed = true
    const { pid } = lane.child
    works.report.publish('pipe-closed', 'warn', `the Calculator lives and ${what[pipe]}`, { pid, pipe })
    if (lane.mute) silence(works, lane)
  })
}

/** Other sides: a stdout that nobody needed before may be needed now. */
export function pipesNeeded(works: ClosedPipeWorks, lane: Lane): void {
  if (!lives(lane) || !lane.stdoutClosed || lane.mute || !needsStdout(works)) return
  lane.mute = true
  silence(works, lane)
}

function silence({ parts, feeder, answering }: ClosedPipeWorks, lane: Lane): void {
  feeder.detach()
  parts.clock.arm(LAST_WORK, () => {
    if (lives(lane)) answering.fellSilent(lane)
  })
}

const lives = (lane: Lane): boolean => !lane.over && !lane.stopping && !lane.isLeaving

/** Not where its exit says that all is done, where its lines go nowhere, or where nothing could be read again. */
const needsStdout = ({ parts, rules: { stdout, settles }, sides: { sink } }: ClosedPipeWorks): boolean =>
  parts.replayable && stdout === 'records' && settles !== 'exit' && (settles === 'answer' || sink.discards !== true)

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
