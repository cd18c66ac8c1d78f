// What a child said, on its way to the output.
import { joinedAttribution, type Attribution } from '../../domain/stream/attribution.ts'
import type { AnswerRun } from '../../domain/stream/fifo.ts'
import { concatLines, sliceLines, type Lines } from '../../domain/stream/lines.ts'
import type { LineBatch, TopicPartition } from '../../domain/stream/line-batch.ts'
import type { DeadLetter } from '../../domain/stream/value-batch.ts'

/** Lines of one incarnation, in their order. */
export interface Outgoing {
  readonly lines: Lines
  /** The records that the lines answer; null where nothing ties them to records. */
  readonly attributions: readonly Attribution[] | null
  /** Records that are done when these lines, and all before them, are stored. */
  readonly done: readonly AnswerRun[]
  /** Start of the child that printed them, ms since the epoch. */
  readonly incarnation: number
  /** Number of the first line within the incarnation. */
  readonly sequence: number
}

/** A line that goes to the dead letters instead. */
export interface OutgoingLetter {
  readonly letter: DeadLetter
  /** The record that it is about; null where that is not known. */
  readonly of: (TopicPartition & { readonly epoch: number; readonly offset: number }) | null
  readonly done: readonly AnswerRun[]
}

/** The record of a batch at `offset`. */
export const recordAt = ({ topic, partition, epoch }: LineBatch, offset: number): OutgoingLetter['of'] => ({
  topic,
  partition,
  epoch,
  offset,
})

/** Nothing to store: records that are done with what was said before. */
interface OutgoingEnd {
  readonly done: readonly AnswerRun[]
  /** Offsets without a line, that are done too: their letters are before this. */
  readonly skipped?: Skipped
}

/** Offsets [first, next) of the batch's partition. */
export interface Skipped {
  readonly batch: LineBatch
  readonly first: number
  readonly next: number
}

/** What waits for its turn to be written, or to count as done. */
export type OutgoingItem = Outgoing | OutgoingLetter | OutgoingEnd

/** What a line costs besides its bytes, about: its place among the lines and values, and in the broker's batch. */
const LINE_BYTES = 32

/** Bytes of memory that it takes up, about. */
export function weightOf(item: OutgoingItem): number {
  if ('lines' in item) return item.lines.bytes.length + item.lines.count * LINE_BYTES
  return 'letter' in item ? item.letter.value.length : 0
}

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
    const attributions = first.attributions && joined(group.flatMap((item) => item.attributions ?? []))
    return [{ ...first, attributions, lines: concatLines(group.map(({ lines }) => lines)) }]
  })
}

const continues = (last: Outgoing, next: Outgoing): boolean =>
  last.incarnation === next.incarnation &&
  (last.attributions === null
    ? next.attributions === null && last.sequence + last.lines.count === next.sequence
    : next.attributions !== null)

function joined(attributions: readonly Attribution[]): Attribution[] {
  const longer: Attribution[] = []
  for (const next of attributions) {
    const last = longer.pop()
    const both = last ? joinedAttribution(last, next) : null
    if (both) longer.push(both)
    else longer.push(...(last ? [last] : []), next)
  }
  return longer
}

/** The lines of each attribution. */
export function* perAttribution(
  lines: Lines,
  attributions: readonly Attribution[],
): Generator<{ readonly attribution: Attribution; readonly lines: Lines }> {
  let from = 0
  for (const attribution of attributions) {
    const to = from + attribution.count
    yield { attribution, lines: from === 0 && to === lines.count ? lines : sliceLines(lines, from, to) }
    from = to
  }
}
