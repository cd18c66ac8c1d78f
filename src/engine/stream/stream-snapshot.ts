import type { Millis } from '../../domain/time.ts'
import type { Lane } from './lane.ts'
import type { Settling } from './settling.ts'
import type { PartitionBook } from './partition-book.ts'
import type { SourceHealth } from '../ports.ts'
import type { ControlSnapshot, PartitionSnapshot, StreamSnapshot } from '../snapshot.ts'
import type { StreamSides } from './stream-parts.ts'
import type { StreamReport } from './stream-report.ts'

/** A partition with something outstanding and no progress for so long makes the agent not ready. */
const STUCK_AFTER: Millis = 60_000

/** What a stream's part of the read model is made of. */
export interface StreamFacts {
  readonly namespec: string
  readonly now: Millis
  readonly sides: StreamSides
  readonly report: StreamReport
  readonly settling: Settling
  /** null while no child lives. */
  readonly lane: Lane | null
  readonly phase: StreamSnapshot['phase']
  readonly isolating: boolean
  readonly control: ControlSnapshot | null
  /** Why feeding was stopped for good; null while it was not. */
  readonly problem: string | null
  /** How long writes to the Calculator have waited for it to read. */
  readonly stdinBlockedMs: Millis
  readonly bufferedBytes: number
  /** BUFFER_BYTES, or less where more would bring nothing. */
  readonly bufferLimitBytes: number
}

/** One stream as the read model shows it. */
export function streamSnapshot(facts: StreamFacts): StreamSnapshot {
  const { now, sides, report, settling, lane } = facts
  const age = (at: Millis | null): Millis | null => (at === null ? null : Math.round(now - at))
  const input = sides.source.health()
  const output = sides.sink.health()
  return {
    namespec: facts.namespec,
    protocol: sides.protocol,
    phase: facts.phase,
    input: {
      topics: sides.topics,
      joined: input.joined,
      assigned: input.assigned,
      lag: input.lag,
      lastFetchAgeMs: age(input.lastFetchAt),
      rebalances: input.rebalances ?? { assigned: 0, revoked: 0, lost: 0 },
      error: input.error,
    },
    output: {
      topic: sides.outputTopic,
      lastAckAgeMs: age(output.lastAckAt),
      error:
        facts.problem ?? output.error ?? sides.letters.health().error ?? sides.transactions?.health().error ?? null,
    },
    partitions: (input.ends ?? []).map((at) => partitionSnapshot(at, settling.book, now)),
    inFlight: settling.book.unsettled(),
    bufferedBytes: facts.bufferedBytes,
    bufferLimitBytes: facts.bufferLimitBytes,
    stdinUnreadBytes: lane?.child.stdin.unread() ?? null,
    stdinClosed: lane?.stdinClosed ?? false,
    stdinBlockedMs: Math.round(facts.stdinBlockedMs),
    stdoutPartialBytes: lane?.partialLength ?? null,
    blockBuffered: lane?.blockBuffered ?? false,
    isolating: facts.isolating,
    control: facts.control,
    advice: report.advice,
    stuck: settling.book.stuck(now, STUCK_AFTER),
    counters: {
      ...report.counters,
      deadLetters: { ...report.deadLetters },
      deaths: { ...report.deaths },
      commits: settling.commits.made,
      commitsRefused: settling.commits.refused,
    },
    durations: {
      answer: report.durations.answer.read(),
      endToEnd: report.durations.endToEnd.read(),
      checkpoint: report.durations.checkpoint.read(),
    },
  }
}

/** What is settled counts from the ledger; before anything was handed to the Calculator, from what is fetched. */
function partitionSnapshot(
  { topic, partition, end, next }: NonNullable<SourceHealth['ends']>[number],
  book: PartitionBook,
  now: Millis,
): PartitionSnapshot {
  const at = { topic, partition }
  const settled = book.position(at) ?? next
  const lag = end === null || settled === null ? null : Math.max(0, end - settled)
  const isIdle = lag === 0 || (lag === null && book.unsettledOf(at) === 0)
  return { topic, partition, lag, progressAgeMs: isIdle ? 0 : Math.round(book.restingFor(at, now) ?? 0) }
}
