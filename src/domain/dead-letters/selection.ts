import type { Millis } from '../time.ts'
import type { Letter } from './letter.ts'

/** Which letters a command is about. Null, or an empty list: any. */
export interface Selection {
  readonly reasons: readonly string[]
  /** Written at or after `since` and before `until`, ms since the epoch. */
  readonly since: Millis | null
  readonly until: Millis | null
  readonly partition: number | null
  /** Together with `partition`: this letter alone. */
  readonly offset: number | null
}

export const EVERYTHING: Selection = { reasons: [], since: null, until: null, partition: null, offset: null }

/** Whether a letter is one of those asked for; `until` is the first instant that is not. */
export function isSelected({ reasons, since, until, partition, offset }: Selection, letter: Letter): boolean {
  if (reasons.length > 0 && !reasons.includes(letter.reason)) return false
  if (since !== null && letter.time < since) return false
  if (until !== null && letter.time >= until) return false
  if (partition !== null && letter.partition !== partition) return false
  return offset === null || letter.offset === offset
}

/** Offsets [from, to) of one partition. */
export interface Span {
  readonly partition: number
  readonly from: number
  readonly to: number
}
