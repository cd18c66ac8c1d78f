import { AnswerFifo } from '../fifo.ts'
import type { Lines } from '../lines.ts'
import { AnswerCollector } from './answer-collector.ts'
import type { AnswerReader, Answers, OversizedAnswer, ProtocolRules } from './protocol.ts'

/** Lines answer the record that waits longest, until an empty line ends its answers. */
class UntilEmptyLine extends AnswerFifo implements AnswerReader {
  /** Answers so far to the record that waits longest. */
  #ordinal = 0

  read(lines: Lines): Answers {
    const answers = new AnswerCollector(lines)
    let violation: string | null = null
    let waiting = this.first()
    for (let i = 0, start = 0; i < lines.count && violation === null; start = lines.ends[i++] ?? 0) {
      const end = (lines.ends[i] ?? 1) - 1
      if (!waiting) {
        violation = end === start ? 'an empty line that ends the answers of no record' : 'a line that answers no record'
      } else if (end === start) {
        this.#ordinal = 0
        answers.done.push(...this.take(1))
        waiting = this.first()
      } else {
        const { batch, orphan, from } = waiting
        answers.add(lines.bytes.subarray(start, end), { batch, orphan, record: from }, this.#ordinal++)
      }
    }
    return answers.finish(violation)
  }

  /** It is one answer of several: the record is not done with it. */
  oversized(): OversizedAnswer {
    const waiting = this.first()
    if (waiting) this.#ordinal++
    return { answers: waiting, done: [] }
  }
}

export const many: ProtocolRules = {
  settles: 'answer',
  stdout: 'records',
  envelope: false,
  matched: true,
  ordered: true,
  reader: () => new UntilEmptyLine(),
  cure: 'print any number of lines per record and one empty line after them, or set PROTOCOL=relay',
}
