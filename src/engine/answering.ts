// What the child's lines mean, and what happens when they mean nothing.
import type { Lines } from '../domain/stream/lines.ts'
import type { ProtocolRules } from '../domain/stream/protocol/protocol.ts'
import type { Millis } from '../domain/time.ts'
import type { Lane } from './lane.ts'
import { oversizedLetter } from './letters.ts'
import { recordAt } from './outgoing.ts'
import type { OutputPump } from './output-pump.ts'
import type { StreamParts } from './stream-parts.ts'
import type { StreamReport } from './stream-report.ts'

const VIOLATIONS_MAX = 3
const VIOLATIONS_WITHIN: Millis = 60_000

export class Answering {
  readonly #parts: StreamParts
  readonly #pump: OutputPump
  readonly #report: StreamReport
  readonly #rules: () => ProtocolRules
  readonly #violated: (lane: Lane, forGood: boolean) => void
  #violations: Millis[] = []

  /** `violated`: a line came that answers nothing; `forGood` after three times within a minute. */
  constructor(
    parts: StreamParts,
    pump: OutputPump,
    report: StreamReport,
    rules: () => ProtocolRules,
    violated: (lane: Lane, forGood: boolean) => void,
  ) {
    this.#parts = parts
    this.#pump = pump
    this.#report = report
    this.#rules = rules
    this.#violated = violated
  }

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
    const { lines: answers, attributions, done, violation } = lane.answers.read(lines)
    if (answers ?? done.length > 0) this.progressed(lane)
    this.#report.counters.answers += answers?.count ?? 0
    this.#report.answered(lane, done, this.#parts.clock.now())
    if (answers) this.#pump.push({ lines: answers, attributions, done, ...origin })
    else if (done.length > 0) this.#pump.push({ done })
    if (violation !== null) this.#violation(lane, violation)
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
    if (lane.over || lane.broken) return
    lane.broken = true
    const now = this.#parts.clock.now()
    this.#report.counters.violations++
    this.#violations = [...this.#violations.filter((at) => now - at < VIOLATIONS_WITHIN), now]
    const forGood = this.#violations.length >= VIOLATIONS_MAX
    const message = `the Calculator printed ${what}: ${this.#rules().cure}`
    this.#report.publish('violation', 'error', message, { feeding: forGood ? 'stopped' : 'restarted' })
    this.#violated(lane, forGood)
  }
}
