// Holds log lines against the table that docs/logs.md is made from.
import { kindFields, lacking, logEvents, numberFields } from '../../src/domain/log-events.ts'

const everywhere = ['time', 'level', 'instance', 'event', 'msg', 'seq', 'module']
const events: Readonly<Record<string, { readonly fields: readonly string[] }>> = logEvents
const without: Readonly<Record<string, readonly string[]>> = lacking
const numbers: ReadonlySet<string> = new Set(numberFields)
const kinds: Readonly<Record<string, readonly string[]>> = kindFields

/** What is wrong with the lines, one sentence for each event or field that the table does not have. */
export function strangeLines(lines: readonly Readonly<Record<string, unknown>>[]): string[] {
  const found = lines.flatMap((line) => {
    const event = String(line['event'])
    const described = events[event]
    if (!described) return [`no such event: ${event}`]
    const common = (kinds[event.split('.')[0] ?? ''] ?? []).filter((field) => !(without[event] ?? []).includes(field))
    const missing = common.filter((field) => !(field in line)).map((field) => `${event} lacks ${field}`)
    // The other fields of such a line are a Calculator's own.
    if (described.fields.includes('*')) return missing
    const known = [...everywhere, ...common, ...described.fields]
    const unknown = Object.keys(line).filter((field) => !known.includes(field))
    const ofAnotherType = Object.entries(line).filter(
      ([field, value]) => value !== null && numbers.has(field) !== (typeof value === 'number'),
    )
    return [
      ...missing,
      ...unknown.map((field) => `${event} has no field ${field}`),
      ...ofAnotherType.map(([field]) => `${event} has a field ${field} of another type`),
    ]
  })
  return [...new Set(found)]
}
