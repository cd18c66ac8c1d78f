// What a child said, on its way to the output.
import type { AnswerRun } from '../domain/stream/fifo.ts'
import { concatLines, sliceLines, type Lines } from '../domain/stream/lines.ts'
import type { DeadLetter } from '../domain/stream/value-batch.ts'

/** Lines of one incarnation; in one-to-one with the inputs that they answer, run by run. */
export interface Outgoing {
  readonly lines: Lines
  readonly answers: readonly AnswerRun[] | null
  /** Start of the child that printed them, ms since the epoch. */
  readonly incarnation: number
  /** Number of the first line within the incarnation. */
  readonly sequence: number
}

/** A line that goes to the dead letters instead; it answers its inputs all the same. */
export interface OutgoingLetter {
  readonly letter: DeadLetter
  readonly answers: readonly AnswerRun[] | null
}

/** Bytes that it holds. */
export const weightOf = (item: Outgoing | OutgoingLetter): number =>
  'lines' in item ? item.lines.bytes.length : item.letter.value.length

/** Neighbouring items that continue each other, as one: fewer and larger batches. */
export function merged(items: readonly Outgoing[]): Outgoing[] {
  const groups: Outgoing[][] = []
  for (const item of items) {
    const group = groups[groups.length - 1]
    const last = group?.[group.length - 1]
    if (group && last && continues(last, item)) group.push(item)
    else groups.push([item])
  }
  return groups.flatMap((group) => {
    const [first] = group
    if (!first || group.length === 1) return group
    const answers = first.answers && mergedRuns(group.flatMap((item) => item.answers ?? []))
    return [{ ...first, answers, lines: concatLines(group.map(({ lines }) => lines)) }]
  })
}

const continues = (last: Outgoing, next: Outgoing): boolean =>
  last.incarnation === next.incarnation &&
  last.sequence + last.lines.count === next.sequence &&
  (last.answers === null) === (next.answers === null)

function mergedRuns(runs: readonly AnswerRun[]): AnswerRun[] {
  const longer: AnswerRun[] = []
  for (const run of runs) {
    const last = longer[longer.length - 1]
    if (last?.batch === run.batch && last.to === run.from && last.orphan === run.orphan) {
      longer[longer.length - 1] = { ...last, to: run.to }
    } else {
      longer.push(run)
    }
  }
  return longer
}

/** The lines that answer each run. */
export function* perRun(
  lines: Lines,
  answers: readonly AnswerRun[],
): Generator<{ readonly run: AnswerRun; readonly lines: Lines }> {
  let from = 0
  for (const run of answers) {
    const to = from + run.to - run.from
    yield { run, lines: from === 0 && to === lines.count ? lines : sliceLines(lines, from, to) }
    from = to
  }
}
