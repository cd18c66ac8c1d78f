// Records that the Calculator refused (nack): their place in the protocol is taken, their answer is not.
import type { Attribution } from './attribution.ts'
import type { AnswerRun } from './fifo.ts'
import { concatLines, sliceLines, type Lines } from './lines.ts'
import type { Answers } from './protocol/protocol.ts'

/** What the Calculator says of a record that it cannot work on. */
export interface Refusal {
  readonly reason: string
  readonly retry: boolean
}

export interface RefusedRun {
  /** One record. */
  readonly run: AnswerRun
  readonly refusal: Refusal
}

/** The same answers without those of refused records. */
export interface SplitAnswers {
  readonly answers: Answers
  readonly refused: readonly RefusedRun[]
}

/**
 * `refusalOf` is asked for each record that is done: `ordinal` counts them from 0. With one-to-one the line of a refused
 * record is dropped; where a record may have several lines those that came stay answers.
 */
export function withoutRefused(
  answers: Answers,
  refusalOf: (run: AnswerRun, ordinal: number) => Refusal | null,
): SplitAnswers {
  const done: AnswerRun[] = []
  const refused: RefusedRun[] = []
  const gone = new Set<number>()
  let ordinal = 0
  for (const { batch, from, to, orphan } of answers.done) {
    let kept = from
    for (let record = from; record < to; record++) {
      const run = { batch, from: record, to: record + 1, orphan }
      const refusal = refusalOf(run, ordinal)
      if (refusal) {
        refused.push({ run, refusal })
        gone.add(ordinal)
        if (kept < record) done.push({ batch, from: kept, to: record, orphan })
        kept = record + 1
      }
      ordinal++
    }
    if (kept < to) done.push({ batch, from: kept, to, orphan })
  }
  if (refused.length === 0) return { answers, refused }
  const isOneLineEach = answers.attributions.every(({ mapped }) => mapped === null)
  return { answers: { ...answers, done, ...(isOneLineEach && withoutLines(answers, gone)) }, refused }
}

/** Line `i` answers the `i`-th record that is done. */
function withoutLines(
  { lines, attributions }: Answers,
  gone: ReadonlySet<number>,
): Pick<Answers, 'lines' | 'attributions'> {
  if (!lines) return { lines, attributions }
  const parts: Lines[] = []
  const left: Attribution[] = []
  let at = 0
  for (const attribution of attributions) {
    const end = at + attribution.count
    let from = at
    for (let to = at; to <= end; to++) {
      if (to < end && !gone.has(to)) continue
      if (from < to) {
        parts.push(sliceLines(lines, from, to))
        left.push({ ...attribution, from: attribution.from + from - at, count: to - from })
      }
      from = to + 1
    }
    at = end
  }
  return { lines: parts.length === 0 ? null : concatLines(parts), attributions: left }
}
