// Where a replay sends a letter, or why it stays where it is.
import type { Millis } from '../time.ts'
import type { Letter } from './letter.ts'

export interface Destination {
  readonly topic: string
  /** The partition that the record came from; null: by its key. */
  readonly partition: number | null
  readonly timestamp: Millis
}

/**
 * - `truncated`: only the beginning of the value was kept.
 * - `answer`: the value is a line that the Calculator wrote, which no input topic waits for.
 * - `no-source`: the letter does not say where it came from, or has a reason that is not known here.
 * - `own-topic`: it came from the dead-letter topic itself.
 * - `no-topic`: the topic does not exist. `too-large`: the topic refuses it for its size.
 */
export type Obstacle = 'truncated' | 'answer' | 'no-source' | 'own-topic' | 'no-topic' | 'too-large'

export interface ReplayRules {
  /** The dead-letter topic. */
  readonly from: string
  /** Where all letters go; null: back to where they came from. */
  readonly to: string | null
  /** Sends what is left of truncated letters. */
  readonly force: boolean
}

/** Reasons for which the letter is the input record itself, as it came. */
const inputReasons: ReadonlySet<string> = new Set(['raw-newline', 'bad-dataframe', 'crash', 'no-answer', 'nack'])
/** Reasons for which it is an answer. */
const outputReasons: ReadonlySet<string> = new Set([
  'not-json',
  'oversized-line',
  'MESSAGE_TOO_LARGE',
  'RECORD_LIST_TOO_LARGE',
])

/** Where a letter is sent again, or why it is not. */
export function destinationOf(letter: Letter, { from, to, force }: ReplayRules): Destination | Obstacle {
  const { source } = letter
  const timestamp = source?.timestamp ?? letter.time
  if (letter.fullLength !== null && !force) return 'truncated'
  if (to !== null) return { topic: to, partition: null, timestamp }
  if (outputReasons.has(letter.reason)) return 'answer'
  if (source === null || !inputReasons.has(letter.reason)) return 'no-source'
  return source.topic === from ? 'own-topic' : { topic: source.topic, partition: source.partition, timestamp }
}
