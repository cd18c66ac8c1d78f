// One thing that is wrong with the configuration, told so that it can be mended without reading the source.
import { systemCode } from '../domain/errors.ts'
import { maskDsn } from './addresses.ts'
import type { Secrecy } from './variables.ts'

export interface Problem {
  /** Variable or option, as the user writes it. */
  readonly name: string
  /** The value as it may be shown; null: it is not set. */
  readonly value: string | null
  /** What was expected, or what to do, as a phrase: `should be …`, `is needed …`. */
  readonly expected: string
}

const LONGEST_SHOWN = 200

/** A value as it may be shown to anybody: secrets become `***`, DSNs lose their credentials. */
export function masked(raw: string, secrecy: Secrecy | null): string {
  if (secrecy === 'value') return '***'
  const shown = secrecy === 'credentials' ? maskDsn(raw) : raw
  return shown.length > LONGEST_SHOWN ? `${shown.slice(0, LONGEST_SHOWN)}…` : shown
}

/** Why reading a file failed, in the system's own word (`ENOENT`), which says nothing of its contents. */
export const reason = (error: unknown): string => systemCode(error) ?? 'unknown error'
