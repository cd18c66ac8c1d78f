// The end of an input that is read once: what has no answer by then never gets one, and somebody has to say so.
import type { AnswerRun } from '../../domain/stream/fifo.ts'
import type { Ending, FinishingParts } from './finishing.ts'
import type { Lane } from './lane.ts'

/**
 * The Calculator left with exit 0, as if all were done. Where a protocol promises an answer to each record, those without
 * one are a fault of the run; elsewhere an input that was left unread may be meant, and is a warning.
 * @param left records that it had and that were not done
 */
export function tellUnanswered(stream: FinishingParts, lane: Lane, ending: Ending, left: readonly AnswerRun[]): void {
  if (ending.status.code !== 0 || ending.signalled || lane.stopping || lane.broken) return
  const { cure, settles } = stream.rules
  const isUnfed = !stream.feeder.empty
  if (settles === 'answer') {
    const records = left.reduce((sum, { from, to }) => sum + to - from, 0)
    if (records === 0 && !isUnfed) return
    const fault = `${missing(records, isUnfed)}: ${cure}`
    stream.fault ??= fault
    stream.report.publish('unanswered', 'error', fault, { records, inputRead: !isUnfed })
  } else if (isUnfed || lane.inputFailed || (lane.child.stdin.unread() ?? 0) > 0) {
    const message = 'the Calculator left before it had read its input to the end: what it did not read is lost to it'
    stream.report.publish('unanswered', 'warn', message, { inputRead: false })
  }
}

function missing(records: number, isUnfed: boolean): string {
  if (records === 0) return 'the Calculator left before the end of its input, the rest of which has no answer'
  const counted = records === 1 ? '1 record has no answer' : `${records} records have no answer`
  return isUnfed ? `${counted}, and the rest of the input was not read` : counted
}
