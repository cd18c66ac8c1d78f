import { logLevel, type LogEntry, type logCreator } from 'kafkajs'
import type { EventName } from '../domain/log-events.ts'
import type { Clock } from '../engine/ports.ts'
import type { Millis } from '../domain/time.ts'

export type LogLevel = 'error' | 'warn' | 'info' | 'debug'
export type LogFields = Readonly<Record<string, string | number | boolean | null | readonly string[]>>

/** Where the adapter's lines go; `fields.event` is a stable dotted name. */
export type KafkaLog = (level: LogLevel, message: string, fields: LogFields & { readonly event: EventName }) => void

const REPEAT_AFTER: Millis = 30_000

/** What kafkajs itself retries, or what the adapter reports in its own words: no person needs to act on the line. */
const retried =
  /connect|ECONN|ENOTFOUND|EHOSTUNREACH|ETIMEDOUT|timed? ?out|rebalanc|coordinator|re-?join|leader|retry|retries|Crash: |Restarting|not aware of|does not host|Failed to send|disconnect|no broker/i

/** The request that failed; the failure itself follows in a line of its own, or reaches the adapter. */
const detail = /^Response \w+\(key/

/** The only fields of a kafkajs line that are kept: the others may hold whole requests, or a foreign error object. */
const kept = ['broker', 'groupId', 'topic', 'partition', 'retryCount', 'retryTime', 'error'] as const

/**
 * kafkajs's log as lines of ours: its INFO and DEBUG become debug, failures it retries become warnings, and the rest
 * keeps its level. What repeats is debug for 30 s: per part of kafkajs for what is retried, per text for the rest.
 */
export function kafkaJsLog(log: KafkaLog, clock: Clock): logCreator {
  const saidAt = new Map<string, Millis>()
  const first = (what: string): boolean => {
    const now = clock.now()
    for (const [each, at] of saidAt) if (now - at >= REPEAT_AFTER) saidAt.delete(each)
    if (saidAt.has(what)) return false
    saidAt.set(what, now)
    return true
  }
  const levelOf = ({ level, namespace }: LogEntry, message: string, text: string): LogLevel => {
    if (level > logLevel.WARN || detail.test(message)) return 'debug'
    if (retried.test(text)) return first(namespace) ? 'warn' : 'debug'
    if (!first(text)) return 'debug'
    return level === logLevel.ERROR ? 'error' : 'warn'
  }
  return () => (entry) => {
    const message = entry.log.message.split('\n')[0] ?? ''
    const fields: Record<string, string | number> = {}
    for (const name of kept) {
      const value: unknown = entry.log[name]
      if (typeof value === 'string' || typeof value === 'number') fields[name] = value
    }
    const level = levelOf(entry, message, `${message} ${fields['error'] ?? ''}`)
    log(level, message, { ...fields, event: 'kafka.client', part: entry.namespace || 'client' })
  }
}
