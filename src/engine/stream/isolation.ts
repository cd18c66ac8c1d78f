import { Blame, type Condemned, type Flying } from '../../domain/stream/blame.ts'
import type { Death } from '../../domain/stream/death.ts'
import { nameOf, sliceBatch, type LineBatch, type TopicPartition } from '../../domain/stream/line-batch.ts'
import type { Millis } from '../../domain/time.ts'
import type { LetterAt } from './held-letters.ts'
import type { Lane } from './lane.ts'
import { condemnedLetter, type CauseOfDeath } from './letters.ts'
import type { Piece } from './feeder.ts'
import type { ExitStatus } from '../../domain/process/state.ts'
import type { Timer } from '../ports.ts'
import type { StreamParts } from './stream-parts.ts'
import type { StreamReport } from './stream-report.ts'

/**
 * A Calculator that waits for more input so long, for each record that it may have, is given more, since it may keep
 * answers back. The more suspects are together the surer that should be, within reason: the stream stands meanwhile.
 */
const PATIENCE: Millis = 1000
const MOST_PATIENCE: Millis = 8000

/** How it died is known to the agent alone that saw it. */
const UNKNOWN = { reason: 'crash', exitCode: null, signal: null, stderr: [] } as const

/** Finds the record that kills Calculators: after a crash fewer records are in flight at once, in the end one alone. */
export class Isolation {
  readonly #parts: StreamParts
  readonly #report: StreamReport
  readonly #goOn: () => void
  readonly #blame = new Blame()
  /** What the Calculators died of that condemned records: by partition, then by offset. */
  readonly #causes = new Map<string, Map<number, CauseOfDeath>>()
  /** Partitions whose suspect is with a Calculator now. */
  readonly #trying = new Set<string>()
  #watch: Timer | null = null

  /** `goOn`: more may be handed over than before. */
  constructor(parts: StreamParts, report: StreamReport, goOn: () => void) {
    this.#parts = parts
    this.#report = report
    this.#goOn = goOn
  }

  /** Records are suspected: few are handed over at once. */
  get isOn(): boolean {
    return this.#blame.isolating
  }

  /** How many records more the Calculator may have now. */
  allowance(lane: Lane | null): number {
    if (this.#blame.limit === Infinity || !lane) return Infinity
    if (lane.answers && lane.inFlight > 0) this.#watchFor(lane)
    return Math.max(0, this.#blame.limit - lane.inFlight)
  }

  /** What is committed beside a position. */
  note(at: TopicPartition, position: number): string {
    return this.#blame.metadata(at, position, this.#trying.has(nameOf(at)))
  }

  /** True: a record that has killed alone is about to be tried again, which must be written down before. */
  isTrying(pieces: readonly Piece[]): boolean {
    if (!this.isOn) return false
    const tried = pieces.filter(({ batch, from, to }) => {
      const offset = batch.offsets[from]
      return to > from && offset !== undefined && this.#blame.attemptsOf(batch, offset) > 0
    })
    for (const { batch } of tried) this.#trying.add(nameOf(batch))
    return tried.length > 0
  }

  /** What the last owner of the partition wrote down. */
  noted(at: TopicPartition, metadata: string): void {
    const condemned = this.#blame.noted(at, metadata, this.#parts.attempts())
    if (condemned) this.#condemn(condemned, UNKNOWN)
  }

  /** The partition is ours no more, or comes anew. */
  forget(at: TopicPartition): void {
    this.#trying.delete(nameOf(at))
    this.#blame.forget(at)
    this.#causes.delete(nameOf(at))
  }

  /** Another source takes over: what its partitions had is written down beside their positions. */
  clear(): void {
    this.#trying.clear()
    this.#causes.clear()
    this.#blame.clear()
  }

  /**
   * Nothing below `position` is open any more. `forGood`: nothing of it can be read again either, so that what is known
   * of its records may be forgotten.
   */
  settled(at: TopicPartition, position: number | null, forGood: boolean): void {
    if (position === null) return
    this.#trying.delete(nameOf(at))
    const wasOn = this.isOn
    this.#blame.settled(at, position, forGood)
    if (this.#causes.size > 0 && this.#blame.condemnedIn(at, 0, Infinity).length === 0) this.#causes.delete(nameOf(at))
    if (wasOn) this.#goOn()
    if (wasOn && !this.#blame.isolating)
      this.#report.publish('isolation-over', 'info', 'every suspect is done, records flow again')
  }

  /** An incarnation died with `flying` unanswered: who is to blame is to be found, or is found. */
  died(lane: Lane, status: ExitStatus, death: Death, flying: readonly Flying[]): void {
    this.#stopWatching()
    this.#trying.clear()
    const condemned = this.#blame.died(death, flying, this.#parts.attempts(), lane.answers !== null)
    if (death !== 'crash' && death !== 'out-of-memory') return
    const [only] = flying
    const records = flying.reduce((sum, range) => sum + range.records, 0)
    if (condemned) {
      const reason = lane.hung ? 'no-answer' : 'crash'
      this.#condemn(condemned, {
        reason,
        exitCode: status.code,
        signal: status.signal,
        stderr: this.#parts.stderrTail(),
      })
    } else if (records === 1 && only) {
      const { topic, partition, first: offset } = only
      const [attempts, maxAttempts] = [this.#blame.attemptsOf(only, offset), this.#parts.attempts()]
      const message = 'the Calculator died with one record alone, which is tried again'
      this.#report.publish('suspect', 'warn', message, { topic, partition, offset, attempts, maxAttempts, death })
    } else if (records > 1) {
      const message = 'the Calculator died with records in work: fewer at once until the one that kills it is found'
      this.#report.publish('suspects', 'warn', message, { records, atOnce: this.#blame.limit, death })
    }
  }

  /** The letters of condemned records in the batch, and the batch without them; null where there is none. */
  spare(batch: LineBatch): { readonly letters: readonly LetterAt[]; readonly parts: readonly LineBatch[] } | null {
    const letters: LetterAt[] = []
    const parts: LineBatch[] = []
    let rest = batch
    for (const condemned of this.#blame.condemnedIn(batch, batch.firstOffset, batch.nextOffset)) {
      const index = rest.offsets.indexOf(condemned.offset)
      if (index < 0) continue
      const cause = this.#causes.get(nameOf(batch))?.get(condemned.offset) ?? UNKNOWN
      const letter = condemnedLetter(rest, index, condemned.attempts, cause)
      letters.push({ letter, offset: condemned.offset })
      if (index > 0) parts.push(sliceBatch(rest, 0, index))
      // The place of the record belongs to what comes after it.
      const firstOffset = index === 0 ? rest.firstOffset : condemned.offset
      rest = { ...sliceBatch(rest, index + 1, rest.count), firstOffset }
    }
    return letters.length === 0 ? null : { letters, parts: [...parts, rest] }
  }

  stop(): void {
    this.#stopWatching()
  }

  #condemn(condemned: Condemned, cause: CauseOfDeath): void {
    const { topic, partition, offset, attempts } = condemned
    const known = this.#causes.get(nameOf(condemned)) ?? new Map<number, CauseOfDeath>()
    this.#causes.set(nameOf(condemned), known.set(offset, cause))
    const message = 'a record killed every Calculator that had it alone: it goes to the dead letters'
    const { exitCode, signal } = cause
    this.#report.publish('condemned', 'error', message, { topic, partition, offset, attempts, exitCode, signal })
  }

  #watchFor(lane: Lane): void {
    const { clock, activity } = this.#parts
    const look = (): { cpu: bigint | null; out: number; waits: boolean } => {
      const { cpu, parked } = activity(lane.child.pid)
      return { cpu, out: lane.bytesOut, waits: parked === 'stdin' && lane.child.stdin.unread() === 0 }
    }
    if (this.#watch) return
    const before = look()
    this.#watch = clock.arm(Math.min(PATIENCE * this.#blame.limit, MOST_PATIENCE), () => {
      this.#watch = null
      const now = look()
      if (lane.over || !this.isOn || lane.inFlight === 0) return
      if (before.waits && now.waits && before.cpu === now.cpu && before.out === now.out) this.#blame.widen()
      this.#goOn()
    })
  }

  #stopWatching(): void {
    this.#watch?.cancel()
    this.#watch = null
  }
}
