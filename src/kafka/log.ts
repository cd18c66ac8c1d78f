import { logLevel, type LogEntry, type logCreator } from 'kafkajs'
import type { Fields, Level } from '../domain/events.ts'
import type { EventName } from '../domain/log-events.ts'
import type { Clock } from '../engine/ports.ts'
import type { Millis } from '../domain/time.ts'

/** Where the adapter's lines go; `fields.event` is a stable dotted name. */
export type KafkaLog = (level: Level, message: string, fields: Fields & { readonly event: EventName }) => void

const REPEAT_AFTER: Millis = 30_000

/** A connection that cannot be opened, or breaks: the adapter says so in its own words, and opens it again. */
const RETRIED = /connect/i

/** The request that failed; the failure itself follows in a line of its own, or reaches the adapter. */
const DETAIL = /^Response \w+\(key/

/** The only fields of a kafkajs line that are kept: the others may hold whole requests, or a foreign error object. */
const KEPT = ['broker', 'error'] as const

/**
 * kafkajs's log as lines of ours: its INFO and DEBUG become debug, failures that are retried become warnings, and the
 * rest keeps its level. What repeats is debug for 30 s: per part of kafkajs for what is retried, per text for the rest.
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
  const levelOf = ({ level, namespace }: LogEntry, message: string): Level => {
    if (level > logLevel.WARN || DETAIL.test(message)) return 'debug'
    if (RETRIED.test(message)) return first(namespace) ? 'warn' : 'debug'
    if (!first(message)) return 'debug'
    return level === logLevel.ERROR ? 'error' : 'warn'
  }
  return () => (entry) => {
    const message = entry.log.message.split('\n')[0] ?? ''
    const fields: Record<string, string> = {}
    for (const name of KEPT) {
      const value: unknown = entry.log[name]
      if (typeof value === 'string') fields[name] = value
    }
    log(levelOf(entry, message), message, { ...fields, event: 'kafka.client', part: entry.namespace || 'client' })
  }
}
