import type { LogWriter } from '../../../engine/log-ports.ts'
import type { Clock } from '../../../engine/ports.ts'
import type { Millis } from '../../../domain/time.ts'
import { levelNumber, type LogLevel } from '../config/values.ts'

const words = {
  critical: 'CRIT',
  error: 'ERRO',
  warn: 'WARN',
  info: 'INFO',
  debug: 'DEBG',
  trace: 'TRAC',
  blather: 'BLAT',
} as const satisfies Record<LogLevel, string>

export interface MainLogParts {
  readonly level: LogLevel
  readonly clock: Pick<Clock, 'wall'>
  /** The log file, and the agent's stdout where it runs in the foreground. */
  readonly writers: readonly LogWriter[]
  /** Whole lines for the system's log. */
  readonly syslog: ((line: string) => void) | null
  /** Somebody follows the file. */
  readonly written: () => void
}

/** supervisord's own log: one line per fact, in its shape (supervisord: loggers.py). */
export class MainLog {
  readonly #parts: MainLogParts
  readonly #threshold: number

  constructor(parts: MainLogParts) {
    this.#parts = parts
    this.#threshold = levelNumber(parts.level)
  }

  shows(level: LogLevel): boolean {
    return levelNumber(level) >= this.#threshold
  }

  line(level: LogLevel, message: string): void {
    if (!this.shows(level)) return
    const line = `${timestamp(this.#parts.clock.wall())} ${words[level]} ${message}\n`
    const bytes = Buffer.from(line)
    for (const writer of this.#parts.writers) writer.write(bytes)
    this.#parts.syslog?.(line.trimEnd())
    this.#parts.written()
  }

  reopen(): void {
    for (const writer of this.#parts.writers) writer.reopen()
  }

  /** Raises FAILED. */
  clear(): void {
    for (const writer of this.#parts.writers) writer.clear()
  }

  close(): void {
    for (const writer of this.#parts.writers) writer.close()
  }
}

/** Local time as `2026-11-26 14:45:11,007`. */
function timestamp(wall: Millis): string {
  const date = new Date(wall)
  const two = (number: number): string => String(number).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`
  return `${day} ${time},${String(date.getMilliseconds()).padStart(3, '0')}`
}
