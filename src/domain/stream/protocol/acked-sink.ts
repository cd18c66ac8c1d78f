import { AnswerFifo, type AnswerRun } from '../fifo.ts'
import type { AnswerReader, Answers, OversizedAnswer, ProtocolRules } from './protocol.ts'

/** Records are done when the Calculator acknowledges them on its control channel; its lines are log, and answer nothing. */
class Acknowledged extends AnswerFifo implements AnswerReader {
  read(): Answers {
    return { lines: null, attributions: [], done: [], violation: null }
  }

  acknowledge(record: number): readonly AnswerRun[] {
    return this.take(record - this.answered)
  }

  oversized(): OversizedAnswer {
    return { answers: null, done: [] }
  }
}

/** PROTOCOL=sink where the Calculator says itself which records it keeps (CHILD_CONTROL=ack). */
export const ackedSink: ProtocolRules = {
  settles: 'answer',
  stdout: 'log',
  envelope: false,
  matched: true,
  ordered: true,
  reader: () => new Acknowledged(),
  cure: 'acknowledge the records that it was given, counted from 1',
}
