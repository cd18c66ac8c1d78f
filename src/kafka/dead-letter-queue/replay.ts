import {
  destinationOf,
  type Destination,
  type Obstacle,
  type ReplayRules,
} from '../../domain/dead-letters/destination.ts'
import type { Letter } from '../../domain/dead-letters/letter.ts'
import type { ReplayMarks } from '../../domain/dead-letters/replay-marks.ts'
import { isSelected, type Selection, type Span } from '../../domain/dead-letters/selection.ts'
import { AgentError } from '../../domain/errors.ts'
import type { ReplayJournal } from './journal.ts'
import type { ReplayWriter } from './replay-writer.ts'
import type { DeadLetterTopic } from './topic.ts'

export interface ReplayParts {
  readonly topic: DeadLetterTopic
  readonly journal: ReplayJournal
  readonly writer: ReplayWriter
  /** Ends the replay after the letters that are on their way. */
  readonly signal: AbortSignal
}

export interface ReplayRequest extends Omit<ReplayRules, 'from'> {
  readonly selection: Selection
  /** Letters that were replayed before, too. */
  readonly again: boolean
  /** At most so many letters; null: all. */
  readonly limit: number | null
}

export interface ReplayTally {
  /** Letters sent (or, in a survey, to be sent), by topic. */
  readonly sent: Map<string, number>
  /** Selected, and replayed before. */
  before: number
  /** Selected, and not sent. */
  readonly stayed: Map<Obstacle, number>
  /** The first letters that stayed, for the message. */
  readonly examples: { readonly letter: Letter; readonly obstacle: Obstacle }[]
}

/** Looked at so far, of about how many. */
export type Advance = (looked: number, tally: ReplayTally) => void

const EXAMPLES = 5

/** Letters go back to where they came from, some at a time: sent, acknowledged, written down; then the next. */
export class Replay {
  readonly #parts: ReplayParts
  readonly #request: ReplayRequest
  readonly #advance: Advance
  #looked = 0

  constructor(parts: ReplayParts, request: ReplayRequest, advance: Advance) {
    this.#parts = parts
    this.#request = request
    this.#advance = advance
  }

  /** What `run` would do; sends nothing. */
  survey(spans: readonly Span[]): Promise<ReplayTally> {
    return this.#go(spans, false)
  }

  /** Rejects as ReplayWriter.send, ReplayJournal.save and DeadLetterTopic.read; what was sent before is written down. */
  run(spans: readonly Span[]): Promise<ReplayTally> {
    return this.#go(spans, true)
  }

  async #go(spans: readonly Span[], send: boolean): Promise<ReplayTally> {
    const { topic, journal, signal } = this.#parts
    const tally: ReplayTally = { sent: new Map(), before: 0, stayed: new Map(), examples: [] }
    this.#looked = 0
    const starts = await topic.starts(spans.map(({ partition }) => partition))
    for (const span of spans) {
      if (signal.aborted || this.#room(tally) === 0) break
      const marks = await journal.load(span.partition)
      marks.begin(span.from, starts.get(span.partition) ?? 0)
      await this.#span(span, marks, tally, send)
    }
    return tally
  }

  /** Returns early when somebody wants to leave: everything that was sent is written down by then. */
  async #span(span: Span, marks: ReplayMarks, tally: ReplayTally, send: boolean): Promise<void> {
    const { topic, signal } = this.#parts
    try {
      for await (const letters of topic.read(span)) {
        const more = await this.#handle(letters, marks, tally, send)
        this.#looked += letters.length
        this.#advance(this.#looked, tally)
        if (!more || signal.aborted) return
      }
    } catch (error) {
      if (!signal.aborted || !(error instanceof AgentError) || error.code !== 'SHUTDOWN_STATE') throw error
    }
  }

  /** Gives false when the limit is reached. */
  async #handle(letters: readonly Letter[], marks: ReplayMarks, tally: ReplayTally, send: boolean): Promise<boolean> {
    const { journal, writer } = this.#parts
    const due = new Map<Letter, Destination>()
    let room = this.#room(tally)
    let looked = 0
    for (const letter of letters) {
      if (room === 0) break
      looked++
      const target = await this.#targetOf(letter, marks, tally)
      if (target === null) continue
      due.set(letter, target)
      room--
    }
    const outgoing = [...due].map(([letter, destination]) => ({ letter, destination }))
    if (send && outgoing.length > 0) {
      const [{ letter }] = outgoing as [(typeof outgoing)[number]]
      await journal.expectUntouched(letter.partition)
      for (const refused of await writer.send(outgoing)) {
        due.delete(refused)
        this.#stays(refused, 'too-large', tally)
      }
    }
    for (const { topic } of due.values()) tally.sent.set(topic, (tally.sent.get(topic) ?? 0) + 1)
    for (const letter of letters.slice(0, looked)) {
      if (due.has(letter) || marks.has(letter.offset, letter.reason)) marks.done(letter.offset, letter.reason)
      else marks.left(letter.reason)
    }
    const [first] = due.keys()
    if (send && first) await journal.save(first.partition, marks)
    return room > 0
  }

  /** Null: it stays, or is not meant. */
  async #targetOf(letter: Letter, marks: ReplayMarks, tally: ReplayTally): Promise<Destination | null> {
    const { selection, again, to, force } = this.#request
    if (!isSelected(selection, letter)) return null
    if (!again && marks.has(letter.offset, letter.reason)) {
      tally.before++
      return null
    }
    const destination = destinationOf(letter, { from: this.#parts.topic.topic, to, force })
    const obstacle =
      typeof destination === 'string' || (await this.#parts.writer.exists(destination.topic))
        ? destination
        : ('no-topic' as const)
    if (typeof obstacle !== 'string') return obstacle
    this.#stays(letter, obstacle, tally)
    return null
  }

  #stays(letter: Letter, obstacle: Obstacle, tally: ReplayTally): void {
    tally.stayed.set(obstacle, (tally.stayed.get(obstacle) ?? 0) + 1)
    if (tally.examples.length < EXAMPLES) tally.examples.push({ letter, obstacle })
  }

  #room({ sent }: ReplayTally): number {
    const { limit } = this.#request
    if (limit === null) return Infinity
    return Math.max(0, limit - [...sent.values()].reduce((sum, count) => sum + count, 0))
  }
}
