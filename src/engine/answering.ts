// What the child's lines mean: in relay nothing is assumed, in one-to-one the k-th line answers the k-th record.
import { sliceLines, type Lines } from '../domain/stream/lines.ts'
import type { Protocol } from '../domain/stream/settings.ts'
import type { Millis } from '../domain/time.ts'
import type { Lane } from './lane.ts'
import { oversizedLetter } from './letters.ts'
import type { OutputPump } from './output-pump.ts'
import type { StreamParts } from './stream-parts.ts'
import type { StreamReport } from './stream-report.ts'

const VIOLATIONS_MAX = 3
const VIOLATIONS_WITHIN: Millis = 60_000

export class Answering {
  readonly #parts: StreamParts
  readonly #pump: OutputPump
  readonly #report: StreamReport
  readonly #protocol: () => Protocol
  readonly #violated: (lane: Lane, forGood: boolean) => void
  #violations: Millis[] = []

  /** `violated`: a line came that answers nothing; `forGood` after three times within a minute. */
  constructor(
    parts: StreamParts,
    pump: OutputPump,
    report: StreamReport,
    protocol: () => Protocol,
    violated: (lane: Lane, forGood: boolean) => void,
  ) {
    this.#parts = parts
    this.#pump = pump
    this.#report = report
    this.#protocol = protocol
    this.#violated = violated
  }

  lines(lane: Lane, lines: Lines): void {
    const origin = { incarnation: lane.child.startedAt, sequence: lane.linesOut - lines.count }
    if (this.#protocol() === 'relay') {
      if (lane.fedLines > 0) this.#progressed(lane)
      this.#pump.push({ lines, answers: null, ...origin })
      return
    }
    const answers = lane.fifo.take(lines.count)
    const answered = answers.reduce((sum, run) => sum + run.to - run.from, 0)
    if (answered > 0) {
      this.#progressed(lane)
      this.#pump.push({ lines: answered === lines.count ? lines : sliceLines(lines, 0, answered), answers, ...origin })
    }
    if (answered < lines.count) this.#violation(lane)
  }

  /** A line over the limit answers its record too: with a dead letter. */
  oversized(lane: Lane, head: Uint8Array, length: number): void {
    this.#report.counters.oversized++
    const answers = this.#protocol() === 'relay' ? null : lane.fifo.take(1)
    if (answers?.length === 0) this.#violation(lane)
    else this.#pump.push({ letter: oversizedLetter(head, length, this.#parts.maxLine, answers?.[0] ?? null), answers })
  }

  /** What a dead child printed after its last newline: an answer only if it ended cleanly after its input did. */
  lastLine(lane: Lane, clean: boolean): void {
    const partial = lane.takePartial()
    if (partial.length === 0) return
    if (!clean) {
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

  #progressed(lane: Lane): void {
    if (lane.progressed) return
    lane.progressed = true
    this.#parts.progressed()
  }

  #violation(lane: Lane): void {
    if (lane.over || lane.broken) return
    lane.broken = true
    const now = this.#parts.clock.now()
    this.#report.counters.violations++
    this.#violations = [...this.#violations.filter((at) => now - at < VIOLATIONS_WITHIN), now]
    const forGood = this.#violations.length >= VIOLATIONS_MAX
    this.#report.publish(
      'violation',
      'error',
      'the Calculator printed a line that answers no record: print exactly one line per record, or set PROTOCOL=relay',
      { feeding: forGood ? 'stopped' : 'restarted' },
    )
    this.#violated(lane, forGood)
  }
}
