import { repr } from '../../../../wire/ini/python-text.ts'
import type { LogLevel } from '../../config/values.ts'

/** Writes to the daemon's main log. */
export type ServerLog = (level: LogLevel, text: string) => void

const LONGEST = 200

/** What a client sent, for a log line: one line, not too long, nothing that a terminal obeys. */
export const shown = (text: string, longest = LONGEST): string => repr(text.slice(0, longest)).slice(1, -1)
