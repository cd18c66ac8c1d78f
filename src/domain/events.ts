// Everything that happens is told as one of these; logs, metrics, checks and foreign protocols are made from them.

import type { EventName } from './log-events.ts'

export type Level = 'error' | 'warn' | 'info' | 'debug'

export type Fields = Readonly<Record<string, string | number | boolean | null | readonly string[]>>

/** A fact, before the ring gives it its number and its two instants. */
export interface DomainEvent {
  /** Stable dotted name: `process.exited`, `stream.committed`, `document.refused` … */
  readonly event: EventName
  readonly level: Level
  /** For a person: short, lower case. */
  readonly message: string
  readonly fields: Fields
}
