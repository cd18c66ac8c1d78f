// Holds log lines against the table that docs/logs.md is made from.
import { kindFields, logEvents } from '../../src/domain/log-events.ts'

const everywhere = ['time', 'level', 'instance', 'event', 'msg', 'seq', 'module']
const events: Readonly<Record<string, { readonly fields: readonly string[] }>> = logEvents
const kinds: Readonly<Record<string, readonly string[]>> = kindFields

/** What is wrong with the lines, one sentence for each event or field that the table does not have. */
export function strangeLines(lines: readonly Readonly<Record<string, unknown>>[]): string[] {
  const found = lines.flatMap((line) => {
    const event = String(line['event'])
    const described = events[event]
    if (!described) return [`no such event: ${event}`]
    if (described.fields.includes('*')) return []
    const known = [...everywhere, ...(kinds[event.split('.')[0] ?? ''] ?? []), ...described.fields]
    return Object.keys(line)
      .filter((field) => !known.includes(field))
      .map((field) => `${event} has no field ${field}`)
  })
  return [...new Set(found)]
}
