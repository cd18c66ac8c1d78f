import { AnswerFifo } from '../fifo.ts'
import { sliceLines, type Lines } from '../lines.ts'
import type { AnswerReader, Answers, OversizedAnswer, ProtocolRules } from './protocol.ts'

/** The k-th line answers the k-th record. */
class InOrder extends AnswerFifo implements AnswerReader {
  read(lines: Lines): Answers {
    const done = this.take(lines.count)
    const attributions = done.map(({ batch, from, to, orphan }) => ({
      batch,
      orphan,
      from,
      count: to - from,
      mapped: null,
    }))
    const answered = attributions.reduce((sum, { count }) => sum + count, 0)
    if (answered === lines.count) return { lines, attributions, done, violation: null }
    const violation = 'a line that answers no record'
    return { lines: answered === 0 ? null : sliceLines(lines, 0, answered), attributions, done, violation }
  }

  oversized(): OversizedAnswer {
    const done = this.take(1)
    return { answers: done[0] ?? null, done }
  }
}

export const oneToOne: ProtocolRules = {
  settles: 'answer',
  stdout: 'records',
  envelope: false,
  matched: true,
  ordered: true,
  reader: () => new InOrder(),
  cure: 'print exactly one line per record, or set PROTOCOL=relay',
}
