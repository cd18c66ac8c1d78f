import { sliceBatch, type LineBatch } from '../../domain/stream/line-batch.ts'
import type { Lines } from '../../domain/stream/lines.ts'
import type { Answers, ProtocolRules } from '../../domain/stream/protocol/protocol.ts'
import { recordId } from '../../domain/stream/record-id.ts'
import { withoutRefused, type RefusedRun } from '../../domain/stream/refusals.ts'
import type { Millis } from '../../domain/time.ts'
import type { Lane } from './lane.ts'
import { oversizedLetter, refusedByCalculatorLetter } from './letters.ts'
import { recordAt, type Outgoing } from './outgoing.ts'
import type { OutputPump } from './output-pump.ts'
import type { StreamParts } from './stream-parts.ts'
import type { StreamReport } from './stream-report.ts'

const VIOLATIONS_MAX = 3
const VIOLATIONS_WITHIN: Millis = 60_000

type Origin = Pick<Outgoing, 'incarnation' | 'sequence'>

/** Of records that are done without a line. */
const NOWHERE: Origin = { incarnation: 0, sequence: 0 }

/**
 * What a broken protocol does to feeding: another Calculator is fed, none is after three times within a minute, and an
 * input that is read once ends with it.
 */
export type Feeding = 'restarted' | 'stopped' | 'ended'

export interface AnsweringHooks {
  /** A line came that answers nothing, or none will ever come; `what` says so. */
  violated(lane: Lane, feeding: Feeding, what: string): void
  /** This record, whose place in the window stays, is to be handed over once more. */
  again(batch: LineBatch): void
}

/** What the child's lines mean, and what happens when they mean nothing. */
export class Answering {
  readonly #parts: StreamParts
  readonly #pump: OutputPump
  readonly #report: StreamReport
  readonly #rules: () => ProtocolRules
  readonly #hooks: AnsweringHooks
  #violations: Millis[] = []

  constructor(
    parts: StreamParts,
    pump: OutputPump,
    report: StreamReport,
    rules: () => ProtocolRules,
    hooks: AnsweringHooks,
  ) {
    this.#parts = parts
    this.#pump = pump
    this.#report = report
    this.#rules = rules
    this.#hooks = hooks
  }

  /** Whole lines of its stdout, in their order. */
  lines(lane: Lane, lines: Lines): void {
    if (lane.disowned) return
    if (this.#rules().stdout === 'log') {
      this.#parts.logStdout(lane.child.pid, lines.bytes)
      return
    }
    const origin = { incarnation: lane.child.startedAt, sequence: lane.linesOut - lines.count }
    if (!lane.answers) {
      if (lane.fedLines > 0 || this.#rules().settles === 'never') this.progressed(lane)
      this.#report.counters.answers += lines.count
      this.#pump.push({ lines, attributions: null, done: [], ...origin })
      return
    }
    const before = lane.answers.answered
    this.#take(lane, lane.answers.read(lines), before, origin)
  }

  /** It keeps the records up to this one, counted from 1. */
  acknowledged(lane: Lane, record: number): void {
    if (lane.disowned || !lane.answers?.acknowledge) return
    const before = lane.answers.answered
    const done = lane.answers.acknowledge(record)
    this.#take(lane, { lines: null, attributions: [], done, violation: null }, before, NOWHERE)
  }

  /** `before`: records that were done before these. */
  #take(lane: Lane, read: Answers, before: number | null, origin: Origin): void {
    const { refusals } = lane.control
    if (read.lines ?? read.done.length > 0) this.progressed(lane)
    const { answers, refused } =
      refusals.size === 0
        ? { answers: read, refused: [] }
        : withoutRefused(read, ({ batch, from }, ordinal) =>
            lane.control.takeRefusal(before === null ? recordId(batch, from) : before + ordinal + 1),
          )
    const { lines, attributions, done, violation } = answers
    this.#report.counters.answers += lines?.count ?? 0
    this.#report.answered(lane, done, this.#parts.clock.now())
    if (lines) this.#pump.push({ lines, attributions, done, ...origin })
    else if (done.length > 0) this.#pump.push({ done })
    for (const each of refused) this.#refused(lane, each)
    if (violation !== null) this.#violation(lane, violation)
  }

  #refused(lane: Lane, { run, refusal }: RefusedRun): void {
    const { batch, from, orphan } = run
    const times = (batch.refused ?? 0) + 1
    const { atMostOnce, transactionLimitMs, attempts, envelope, unwrap } = this.#parts
    // Neither what is committed already, nor a transaction that is about to be, nor the end of the input can wait.
    const canWait = !atMostOnce && transactionLimitMs === null && !lane.inputEnded
    const mayTryAgain = refusal.retry && canWait && times < attempts()
    if (orphan) this.#pump.push({ done: [run] })
    else if (mayTryAgain) this.#hooks.again({ ...sliceBatch(batch, from, from + 1), refused: times })
    else {
      const isEnveloped = envelope || this.#rules().envelope
      const letter = refusedByCalculatorLetter(batch, from, { reason: refusal.reason, times, isEnveloped, unwrap })
      this.#pump.push({ letter, of: recordAt(batch, batch.offsets[from] ?? batch.firstOffset), done: [run] })
    }
  }

  /** A line over the limit answers its record too: with a dead letter. */
  oversized(lane: Lane, head: Uint8Array, length: number): void {
    if (lane.disowned) return
    this.#report.counters.oversized++
    const { maxLine } = this.#parts
    if (!lane.answers) {
      this.#pump.push({ letter: oversizedLetter(head, length, maxLine, null), of: null, done: [] })
      return
    }
    const { answers, done } = lane.answers.oversized(head)
    if (answers?.orphan === true) this.#pump.push({ done })
    else if (answers) {
      const of = recordAt(answers.batch, answers.batch.offsets[answers.from] ?? answers.batch.firstOffset)
      this.#pump.push({ letter: oversizedLetter(head, length, maxLine, answers), of, done })
    } else this.#violation(lane, 'a line over MAX_LINE that answers no record')
  }

  /** What a dead child printed after its last newline: an answer only if it ended cleanly after its input did. */
  lastLine(lane: Lane, clean: boolean): void {
    const partial = lane.takePartial()
    if (partial.length === 0) return
    if (!clean && this.#rules().stdout === 'records') {
      this.#report.counters.partialLines++
      this.#report.publish('partial-line', 'warn', 'the Calculator ended within a line, which is no answer', {
        bytes: partial.length,
      })
      return
    }
    const bytes = new Uint8Array(partial.length + 1)
    bytes.set(partial)
    bytes[partial.length] = 0x0a
    lane.linesOut++
    this.lines(lane, { bytes, ends: Uint32Array.of(bytes.length), count: 1 })
  }

  /** It closed its stdout: it will never answer. */
  fellSilent(lane: Lane): void {
    if (!lane.over)
      this.#break(lane, 'the Calculator closed its stdout and lives on: one that writes elsewhere is PROTOCOL=sink')
  }

  /** What was broken so far counts no more: the settings are others. */
  forgive(): void {
    this.#violations = []
  }

  /** The incarnation did something for its records. */
  progressed(lane: Lane): void {
    if (lane.progressed) return
    lane.progressed = true
    this.#parts.progressed()
  }

  #violation(lane: Lane, what: string): void {
    // Of a dead one its records are read again; where they cannot be, what it did wrong counts all the same.
    if (lane.over && this.#parts.replayable) return
    this.#break(lane, `the Calculator printed ${what}: ${this.#rules().cure}`)
  }

  #break(lane: Lane, message: string): void {
    if (lane.broken) return
    lane.broken = true
    const now = this.#parts.clock.now()
    this.#report.counters.violations++
    this.#violations = [...this.#violations.filter((at) => now - at < VIOLATIONS_WITHIN), now]
    const isOften = this.#violations.length >= VIOLATIONS_MAX
    const feeding = !this.#parts.replayable ? 'ended' : isOften ? 'stopped' : 'restarted'
    this.#report.publish('violation', 'error', message, { feeding })
    this.#hooks.violated(lane, feeding, message)
  }
}
