// Dead letters that the engine writes, each with what a person needs to understand and to replay it.
import type { AnswerRun } from '../../domain/stream/fifo.ts'
import type { RefusedRecord } from '../../domain/stream/framing.ts'
import type { LineBatch } from '../../domain/stream/line-batch.ts'
import { lineAt } from '../../domain/stream/lines.ts'
import type { DeadLetter } from '../../domain/stream/value-batch.ts'
import { isDataframe } from '../../wire/cloud-event.ts'
import { envelopedData } from '../../wire/input-envelope.ts'

const NO_BYTES = new Uint8Array(0)

const coordinates = (batch: LineBatch, index: number): Record<string, string> => ({
  topic: batch.topic,
  partition: String(batch.partition),
  offset: String(batch.offsets[index] ?? ''),
  timestamp: String(batch.context.timestamp(index)),
})

/** An input record that cannot be a line; its bytes are kept as they came. */
export const refusedInputLetter = (batch: LineBatch, { index, reason }: RefusedRecord): DeadLetter => ({
  key: batch.context.key(index),
  value: lineAt(batch, index),
  headers: batch.context.headers(index),
  reason,
  facts: coordinates(batch, index),
})

/** A line over MAX_LINE: its first 1 KiB, and the coordinates of the record that it answers, where that is known. */
export function oversizedLetter(head: Uint8Array, length: number, limit: number, run: AnswerRun | null): DeadLetter {
  return {
    key: run ? run.batch.context.key(run.from) : null,
    value: head,
    headers: [],
    reason: 'oversized-line',
    facts: { length: String(length), limit: String(limit), ...(run ? coordinates(run.batch, run.from) : {}) },
  }
}

/** What is known of the end of a Calculator, for which a record is to blame. */
export interface CauseOfDeath {
  readonly reason: 'crash' | 'no-answer'
  readonly exitCode: number | null
  readonly signal: string | null
  /** The Calculator's last stderr lines, oldest first. */
  readonly stderr: readonly string[]
}

/** Headers of a broker have their limits; the end of it is what tells. */
const STDERR_MAX = 2000

/** A record that killed so many Calculators, the last of them of `cause`. */
export const condemnedLetter = (
  batch: LineBatch,
  index: number,
  attempts: number,
  cause: CauseOfDeath,
): DeadLetter => ({
  key: batch.context.key(index),
  value: lineAt(batch, index),
  headers: batch.context.headers(index),
  reason: cause.reason,
  facts: {
    ...coordinates(batch, index),
    attempts: String(attempts),
    ...(cause.exitCode !== null && { 'exit-code': String(cause.exitCode) }),
    ...(cause.signal !== null && { signal: cause.signal }),
    ...(cause.stderr.length > 0 && { stderr: cause.stderr.join('\n').slice(-STDERR_MAX) }),
  },
})

/**
 * A record that the Calculator refused on its control channel. Its value is the data that was handed over, and no
 * dataframe any more where it came as one.
 */
export const refusedByCalculatorLetter = (
  batch: LineBatch,
  index: number,
  facts: { readonly reason: string; readonly times: number; readonly isEnveloped: boolean; readonly unwrap: boolean },
): DeadLetter => ({
  key: batch.context.key(index),
  value: facts.isEnveloped ? envelopedData(lineAt(batch, index)) : lineAt(batch, index),
  headers: batch.context.headers(index).filter(([name, value]) => !(facts.unwrap && isDataframe(name, value))),
  reason: 'nack',
  facts: { ...coordinates(batch, index), attempts: String(facts.times), said: facts.reason },
})

/** An output line that is refused, by us (no JSON) or by the broker (too large). */
export function outputLetter(
  value: Uint8Array,
  reason: string,
  facts: Readonly<Record<string, string>>,
  answered: { readonly batch: LineBatch; readonly index: number } | null,
): DeadLetter {
  return {
    key: answered ? answered.batch.context.key(answered.index) : null,
    value: value.length > 0 ? value : NO_BYTES,
    headers: answered ? answered.batch.context.headers(answered.index) : [],
    reason,
    facts: { ...facts, ...(answered ? coordinates(answered.batch, answered.index) : {}) },
  }
}
