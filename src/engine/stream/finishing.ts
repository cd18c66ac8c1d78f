// A dead incarnation: what it said is stored, what it is to blame for is known, what it did not settle is fetched again.
import type { Flying } from '../../domain/stream/blame.ts'
import { deathOf, type Death } from '../../domain/stream/death.ts'
import type { AnswerRun } from '../../domain/stream/fifo.ts'
import { offsetAfter } from '../../domain/stream/line-batch.ts'
import type { ProtocolRules } from '../../domain/stream/protocol/protocol.ts'
import type { ExitStatus } from '../../domain/process/state.ts'
import type { Answering } from './answering.ts'
import type { BlackBox } from './black-box.ts'
import type { Feeder } from './feeder.ts'
import { tellUnanswered } from './input-end.ts'
import type { Isolation } from './isolation.ts'
import type { Lane } from './lane.ts'
import type { OutputPump } from './output-pump.ts'
import type { PartitionBook } from './partition-book.ts'
import type { Settling } from './settling.ts'
import type { StreamParts } from './stream-parts.ts'
import type { StreamReport } from './stream-report.ts'

export interface FinishingParts {
  readonly parts: StreamParts
  readonly answering: Answering
  readonly pump: OutputPump
  readonly book: PartitionBook
  readonly feeder: Pick<Feeder, 'empty'>
  readonly settling: Settling
  readonly isolation: Isolation
  readonly report: StreamReport
  readonly rules: ProtocolRules
  readonly lanes: Set<Lane>
  /** Why the run is no good whatever its exit code, where nothing is read a second time; null: it is not known to be. */
  fault: string | null
  /** These records have left the agent unanswered: their place in the window is free. */
  released(records: readonly AnswerRun[]): void
}

/** How an incarnation ended. `signalled`: the Supervisor sent it a signal. */
export interface Ending {
  readonly status: ExitStatus
  readonly signalled: boolean
  /** The container's out-of-memory kills at its death. */
  readonly oomKills: number | null
}

/** Resolves when what the incarnation said is stored, and what can be settled of it is committed. */
export async function finish(stream: FinishingParts, lane: Lane, ending: Ending): Promise<void> {
  const { parts, pump, settling, book, answering, isolation } = stream
  const { status, signalled } = ending
  const { abandons } = pump
  await lane.drained(parts.clock)
  stream.lanes.delete(lane)
  const clean = status.code === 0 && lane.inputEnded
  answering.lastLine(lane, clean)
  const stored = (await pump.flushed()) && pump.abandons === abandons
  // It read everything, came to the end of its input and left by itself: only then has it surely answered everything.
  const complete = clean && !signalled && !lane.inputFailed && !lane.mute && lane.child.stdin.unread() === 0
  const { settles } = stream.rules
  if (stored && complete && (settles === 'checkpoint' || settles === 'exit')) await settling.settle(book.outstanding())
  const left = lane.answers?.rest() ?? []
  stream.released(left)
  const flying = lane.answers ? left.filter(({ orphan }) => !orphan).map(flyingOf) : lane.handed.list()
  const death = deathFor(lane, ending, flying)
  if (!parts.replayable) tellUnanswered(stream, lane, ending, left)
  if (!parts.atMostOnce) isolation.died(lane, status, death, flying)
  if (isCrash(lane, ending, death)) {
    stream.report.died(death)
    parts.crashed?.(blackBox(parts, lane, status, death, flying))
  }
  await settling.commits.conclude(stored)
}

const flyingOf = ({ batch, from, to }: AnswerRun): Flying => ({
  topic: batch.topic,
  partition: batch.partition,
  first: batch.offsets[from] ?? batch.firstOffset,
  next: offsetAfter(batch, to - 1),
  records: to - from,
})

/** The kernel killed it for lack of memory: something of the container was, while it ran, and it died that way. */
export function diedOfMemory(lane: Lane, { status: { code, signal }, oomKills }: Ending): boolean {
  const isKilled = signal === 'SIGKILL' || code === 137
  return isKilled && oomKills !== null && lane.oomKills !== null && oomKills > lane.oomKills
}

function deathFor(lane: Lane, ending: Ending, flying: readonly Flying[]): Death {
  const { status, signalled } = ending
  const unread = lane.child.stdin.unread()
  return deathOf({
    status,
    broken: lane.broken,
    stopped: signalled || lane.stopping,
    hung: lane.hung,
    outOfMemory: diedOfMemory(lane, ending),
    inputEnded: lane.inputEnded,
    hasRead: lane.bytesOut > 0 || (lane.bytesIn > 0 && (unread === null || unread < lane.bytesIn)),
    inFlight: flying.reduce((sum, { records }) => sum + records, 0),
  })
}

/** A death that a person wants to know about: not what we asked for, nor an exit 0 with nothing left to do. */
const isCrash = (lane: Lane, { status, signalled }: Ending, death: Death): boolean =>
  death !== 'clean' && !signalled && !lane.stopping && !(status.code === 0 && death === 'idle')

function blackBox(
  { namespec, clock, stderrTail }: StreamParts,
  lane: Lane,
  { code, signal }: ExitStatus,
  death: Death,
  flying: readonly Flying[],
): BlackBox {
  return {
    process: namespec,
    pid: lane.child.pid,
    exitCode: code,
    signal,
    death,
    aliveMs: Math.max(0, clock.wall() - lane.child.startedAt),
    inFlight: flying.reduce((sum, { records }) => sum + records, 0),
    ...lane.recorder.read(),
    stderr: stderrTail(),
  }
}
