// The effective configuration as rows for a person: each value, as it may be shown, with its origin.
import type { Loaded } from './config.ts'
import type { Flags } from './findings.ts'
import { deadLetterTopicOf } from '../domain/stream/change-class.ts'
import { masked } from './problem.ts'
import type { Origin } from './read.ts'
import type { VariableName } from './variables.ts'
import { groups, variableList } from './variables.ts'

export interface Row {
  readonly group: string
  /** Variable or option. */
  readonly name: string
  /** The value as it may be shown; null: none, and `note` says what that means. */
  readonly value: string | null
  readonly origin: Origin
  /** Where a default comes from, or what follows from having none; empty where there is nothing to say. */
  readonly note: string
}

/** One row for each variable, in the order of the table, and one for each option that was given. */
export function explain({ config, reading }: Loaded, flags: Flags): Row[] {
  const found = new Map<VariableName, Pick<Row, 'value' | 'origin' | 'note'>>()
  if (!reading.set.has('INSTANCE_ID') && config !== null) {
    const note = reading.set.has('POD_NAME') ? 'POD_NAME' : 'the host name'
    found.set('INSTANCE_ID', { value: config.instanceId, origin: 'default', note })
  }
  if (!reading.set.has('BUFFER_BYTES') && config !== null) {
    const value = String(config.limits.bufferBytes)
    found.set('BUFFER_BYTES', { value, origin: 'default', note: "from the cgroup's memory, at most 64MiB" })
  }
  const letters = config?.output.kind === 'kafka' ? deadLetterTopicOf(config.streams) : null
  if (!reading.set.has('DEAD_LETTER_TOPIC') && letters !== null) {
    const note = config?.streams.outputTopic === null ? 'after INPUT_TOPICS' : 'after OUTPUT_TOPIC'
    found.set('DEAD_LETTER_TOPIC', { value: letters, origin: 'default', note })
  }
  if (!reading.set.has('KAFKA_TLS') && config?.kafka) {
    found.set('KAFKA_TLS', { value: String(config.kafka.tls !== false), origin: 'default', note: 'after KAFKA_DSN' })
  }
  if (flags.bin !== undefined) found.set('PROGRAM', { value: flags.bin, origin: 'command line', note: '--bin' })
  const rows = variableList.map(([name, { group, secrecy, default: byDefault, unset }]): Row => {
    const set = reading.set.get(name)
    const own = set === undefined ? null : { value: masked(set.raw, secrecy), origin: set.origin, note: '' }
    const none = { value: byDefault, origin: 'default' as const, note: byDefault === null ? unset : '' }
    return { group: groups[group], name, ...(found.get(name) ?? own ?? none) }
  })
  return [...rows, ...optionRows(flags)]
}

const optionRows = (flags: Flags): Row[] =>
  Object.entries({
    '--args': flags.args?.map((word) => word.replaceAll(',', '\\,')).join(','),
    '--in': flags.in,
    '--out': flags.out,
  }).flatMap(([name, value]): Row[] =>
    value === undefined ? [] : [{ group: 'Command line', name, value, origin: 'command line', note: '' }],
  )
