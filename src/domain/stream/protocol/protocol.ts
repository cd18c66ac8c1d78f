// What a protocol is: when records count as done, what the child is given, and what its lines mean.
import type { Attribution } from '../attribution.ts'
import type { AnswerRun } from '../fifo.ts'
import type { LineBatch } from '../line-batch.ts'
import type { Lines } from '../lines.ts'

export interface ProtocolRules {
  /**
   * When a record is done: its `answer` is stored; at a `checkpoint`, when the child is seen to have finished everything;
   * at the child's `exit` 0 after the end of its input; `never`, where nothing is fed.
   */
  readonly settles: 'answer' | 'checkpoint' | 'exit' | 'never'
  /** What stdout is: records of the output, or lines for the log. */
  readonly stdout: 'records' | 'log'
  /** Answers name their records, so that the child needs to be told who they are. */
  readonly envelope: boolean
  /** Each record must be exactly one line, or answers lose their records. */
  readonly matched: boolean
  /** Answers come in the order of their records, so that what is not wanted any more can be told from what is. */
  readonly ordered: boolean
  /** What a child's lines mean, for one incarnation; null where nothing ties them to records. */
  readonly reader: ((tools: ReaderTools) => AnswerReader) | null
  /** For a child that broke it: what it should do. */
  readonly cure: string
}

export interface ReaderTools {
  /** The UTF-8 bytes behind the inside of a JSON string at [start, end). */
  unescape(bytes: Uint8Array, start: number, end: number): Uint8Array
  /** Answers stay the JSON they are (OUTPUT_JSON), also where they are one string. */
  json(): boolean
}

/** Records handed to one incarnation, and what its lines make of them. */
export interface AnswerReader {
  /** Records that are not done, those of partitions given away included. */
  readonly length: number
  /** Records that are done, where they are done in their order; null where they are known by their ids. */
  readonly answered: number | null
  /** Whether the record is with the child: by its number, counted from 1, or by its id. */
  knows(name: number | string): boolean
  /** Records [from, to) of the batch are with the child now. */
  push(batch: LineBatch, from: number, to: number): void
  /** The partition is given away: what is still said about it is swallowed. */
  forget(topic: string, partition: number): void
  read(lines: Lines): Answers
  /** Where records are done by being acknowledged: those up to this one, counted from 1, which is known. */
  acknowledge?(record: number): readonly AnswerRun[]
  /** A line too long to be read, of which `head` is the beginning. */
  oversized(head: Uint8Array): OversizedAnswer
  /** The records that are not done, the longest waiting first; nothing is left afterwards. */
  rest(): readonly AnswerRun[]
}

export interface OversizedAnswer {
  /** The record that it answers; null where that is not to be seen, which breaks the protocol. */
  readonly answers: AnswerRun | null
  readonly done: readonly AnswerRun[]
}

export interface Answers {
  /** Lines that are records of the output, and which records they answer: as many lines as the attributions count. */
  readonly lines: Lines | null
  readonly attributions: readonly Attribution[]
  /** Records that have all their answers with these lines. */
  readonly done: readonly AnswerRun[]
  /** A line answers nothing, or cannot be read: why; the lines after it were not looked at. */
  readonly violation: string | null
}
