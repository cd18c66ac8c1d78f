import { typedFacts } from '../../domain/dead-letters/typed-facts.ts'
import { Advice, type Advised } from '../../domain/stream/advice.ts'
import type { Death } from '../../domain/stream/death.ts'
import { DurationHistogram } from '../../domain/stream/duration-histogram.ts'
import type { AnswerRun } from '../../domain/stream/fifo.ts'
import type { LineBatch } from '../../domain/stream/line-batch.ts'
import type { DeadLetter } from '../../domain/stream/value-batch.ts'
import type { StreamEvent } from '../../domain/log-events.ts'
import type { Millis } from '../../domain/time.ts'
import type { EventRing } from '../event-ring.ts'
import type { Given } from './given-records.ts'
import type { Lane } from './lane.ts'
import { LetterLines } from './letter-lines.ts'
import type { Position } from './partition-book.ts'
import type { SilenceFacts } from './patience.ts'
import type { Clock } from '../ports.ts'
import type { NumberedEvent, StreamCounters } from '../snapshot.ts'

type Counted = Exclude<keyof StreamCounters, 'deadLetters' | 'deaths' | 'commits' | 'commitsRefused'>
type Mutable = { -readonly [K in Counted]: number }

const reasons: Readonly<Record<Advised, string>> = {
  'one-to-one':
    'the Calculator has printed one line per record throughout: PROTOCOL=one-to-one would commit each record by itself, ' +
    'carry keys and headers over, and repeat less after a crash',
  flush:
    'the Calculator prints in whole buffers, so that lines are kept back, which a crash would lose: flush after each line ' +
    '(CHILD_STDOUT=line or pty, PYTHONUNBUFFERED=1, `stdbuf -oL program`)',
  sink: 'the Calculator has printed nothing so far: PROTOCOL=sink says so, and takes its stdout for log',
}

/** What the stream tells of itself: counters, events, and its part of the snapshot. */
export class StreamReport {
  readonly deadLetters: Record<string, number> = {}
  /** Deaths of the Calculator that nobody asked for. */
  readonly deaths: Partial<Record<Death, number>> = {}
  readonly durations = {
    /** From the hand-over of a record to its answer; only where lines are tied to records. */
    answer: new DurationHistogram(),
    /** From the time of a record in Kafka until its answers are stored, or the checkpoint that settles it. */
    endToEnd: new DurationHistogram(),
    /** From the moment that the Calculator's end of work is watched for until it is settled and committed. */
    checkpoint: new DurationHistogram(),
  }
  readonly counters: Mutable = {
    recordsIn: 0,
    recordsOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    tombstones: 0,
    oversized: 0,
    partialLines: 0,
    outOfMemory: 0,
    checkpointsProven: 0,
    checkpointsAssumed: 0,
    checkpointsMissed: 0,
    answers: 0,
    replays: 0,
    violations: 0,
    aborts: 0,
    controlProblems: 0,
  }
  readonly #advice = new Advice()
  #told: Advised | null = null
  readonly #letterLines: LetterLines
  readonly #events: EventRing
  readonly #namespec: string

  constructor(events: EventRing, namespec: string, clock: Clock) {
    this.#events = events
    this.#namespec = namespec
    this.#letterLines = new LetterLines(clock, {
      each: ({ reason, facts }) =>
        this.publish('dead-letter', 'warn', `a record went to the dead letters: ${reason}`, {
          reason,
          ...typedFacts(Object.entries(facts)),
        }),
      more: (reason, records) =>
        this.publish('dead-letters', 'warn', `${records} more records went to the dead letters: ${reason}`, {
          reason,
          records,
        }),
    })
  }

  publish(
    event: StreamEvent,
    level: NumberedEvent['level'],
    message: string,
    fields: NumberedEvent['fields'] = {},
  ): void {
    this.#events.publish(`stream.${event}`, level, message, { process: this.#namespec, ...fields })
  }

  /** The source brought these. */
  fetched(batch: LineBatch): void {
    this.counters.recordsIn += batch.count + batch.tombstones
    this.counters.bytesIn += batch.bytes.length
    this.counters.tombstones += batch.tombstones
  }

  /** The sink has stored so much. */
  written(records: number, bytes: number): void {
    this.counters.recordsOut += records
    this.counters.bytesOut += bytes
  }

  /** The incarnation has answered these; to be called before their memory is given back. */
  answered(lane: Lane, records: readonly AnswerRun[], now: Millis): void {
    observe(this.durations.answer, records, ({ batch, from }) => {
      const since = lane.given.at(batch, from)
      return since === null ? null : now - since
    })
  }

  /** Their answers are stored at `wall`, ms since the epoch. */
  stored(records: readonly AnswerRun[], wall: Millis): void {
    observe(this.durations.endToEnd, records, ({ batch, from }) => wall - batch.context.timestamp(from))
  }

  /** A checkpoint settled these. */
  settled(given: readonly Given[], wall: Millis): void {
    for (const { stamped, records } of given) this.durations.endToEnd.observe(wall - stamped, records)
  }

  /** The Calculator died, and nobody had asked it to. */
  died(death: Death): void {
    this.deaths[death] = (this.deaths[death] ?? 0) + 1
  }

  /** `areTold`: each is in the log already. */
  deadLettered(letters: readonly DeadLetter[], areTold = false): void {
    for (const { reason } of letters) this.deadLetters[reason] = (this.deadLetters[reason] ?? 0) + 1
    if (!areTold) this.#letterLines.add(letters)
  }

  /** Nothing follows: what is still untold is told. */
  close(): void {
    this.#letterLines.close()
  }

  /** The kernel killed it because the container had no more memory. */
  outOfMemory(pid: number): void {
    this.counters.outOfMemory++
    const cure = "raise the container's memory limit, or give the Calculator less to hold"
    this.publish('out-of-memory', 'error', `the kernel killed the Calculator for lack of memory: ${cure}`, { pid })
  }

  /** The Calculator has finished everything. Told once where that could only be assumed. */
  checkpoint(quality: 'proven' | 'assumed'): void {
    if (quality === 'proven') {
      this.counters.checkpointsProven++
    } else if (++this.counters.checkpointsAssumed === 1) {
      this.publish(
        'checkpoint-assumed',
        'warn',
        'cannot see that the Calculator is done, assuming it after a second of silence; ' +
          'where each record has exactly one answer, PROTOCOL=one-to-one commits exactly',
      )
    }
  }

  /** Said once for each that is advised. */
  observed({ records, lines, bytes }: ReturnType<Lane['sinceCheckpoint']>): void {
    this.#advice.observe(records, lines, bytes)
    const { advised } = this.#advice
    if (advised === null || advised === this.#told) return
    this.#told = advised
    if (advised === 'flush') this.publish('advice', 'warn', reasons.flush, { flush: true })
    else this.publish('advice', 'info', reasons[advised], { protocol: advised })
  }

  /** What the Calculator seems to do: the protocol that it keeps, or that it should flush; null while there is not enough evidence for one. */
  get advice(): Advised | null {
    return this.#advice.advised
  }

  /** It was not seen to finish in time. */
  missedCheckpoint(): void {
    this.counters.checkpointsMissed++
    this.publish(
      'checkpoint-missed',
      'warn',
      'the Calculator was not seen to finish; nothing is committed, feeding goes on',
    )
  }

  /** It is silent for long, and nothing is done about it. */
  slow(facts: SilenceFacts): void {
    const message = 'no sign of work from the Calculator; ANSWER_TIMEOUT would restart it'
    this.publish('no-answer', 'warn', message, { ...facts })
  }

  /** It is silent for longer than ANSWER_TIMEOUT. */
  hung(facts: SilenceFacts): void {
    this.publish('hung', 'error', 'the Calculator does not answer: it is killed, and its records are tried again', {
      ...facts,
    })
  }

  /** Records that nobody answered, of topics that are not read any more. */
  leftBehind(positions: readonly Position[], topics: readonly string[]): void {
    for (const { topic, partition, offset } of positions) {
      if (topics.includes(topic)) continue
      const message = 'unanswered records of a topic that is not read any more stay uncommitted'
      this.publish('left-behind', 'warn', message, { topic, partition, offset })
    }
  }

  /** It was seen to keep back part of a line. Told once for each incarnation. */
  blockBuffered(lane: Lane): void {
    if (lane.blockBuffered) return
    lane.blockBuffered = true
    this.publish(
      'block-buffered',
      'warn',
      'the Calculator keeps back part of a line while it waits for input: its stdout is block-buffered, so nothing more ' +
        'is committed until it ends; flush after each line (CHILD_STDOUT=line or pty, PYTHONUNBUFFERED=1, `stdbuf -oL program`)',
      { bytes: lane.partialLength },
    )
  }
}

/** Answers that come in no order are runs of one record each: beyond so many they count with the age of the last. */
const RUNS_MAX = 16

function observe(into: DurationHistogram, runs: readonly AnswerRun[], ageOf: (run: AnswerRun) => Millis | null): void {
  let age: Millis | null = null
  let rest = 0
  for (const [index, run] of runs.entries()) {
    if (run.orphan) continue
    if (index >= RUNS_MAX) rest += run.to - run.from
    else if ((age = ageOf(run)) !== null) into.observe(age, run.to - run.from)
  }
  if (rest > 0 && age !== null) into.observe(age, rest)
}
