import { AnswerFifo, type AnswerRun } from '../fifo.ts'
import { AttributionList } from '../attribution.ts'
import type { Lines } from '../lines.ts'
import type { AnswerReader, Answers, OversizedAnswer, ProtocolRules } from './protocol.ts'

/** Lines answer the record that waits longest, until an empty line ends its answers. */
class UntilEmptyLine extends AnswerFifo implements AnswerReader {
  /** Answers so far to the record that waits longest. */
  #ordinal = 0

  read(lines: Lines): Answers {
    const kept = new Uint8Array(lines.bytes.length)
    const ends = new Uint32Array(lines.count)
    const attributions = new AttributionList()
    const done: AnswerRun[] = []
    let count = 0
    let at = 0
    let violation: string | null = null
    for (let i = 0, start = 0; i < lines.count && violation === null; start = lines.ends[i++] ?? 0) {
      const end = lines.ends[i] ?? 0
      const waiting = this.first()
      if (!waiting) {
        violation =
          end - start === 1 ? 'an empty line that ends the answers of no record' : 'a line that answers no record'
      } else if (end - start === 1) {
        this.#ordinal = 0
        done.push(...this.take(1))
      } else {
        kept.set(lines.bytes.subarray(start, end), at)
        ends[count++] = at += end - start
        attributions.add(waiting.batch, waiting.orphan, waiting.from, this.#ordinal++)
      }
    }
    const answers = count === 0 ? null : { bytes: kept.subarray(0, at), ends: ends.subarray(0, count), count }
    return { lines: answers, attributions: attributions.finish(), done, violation }
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
