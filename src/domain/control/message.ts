// What a Calculator says on its control channel: one JSON object per line. Whatever it is not is a problem in words.

/** The how-manieth record it was given, from 1; or its id (PROTOCOL=keyed). */
export type RecordName = number | string

export type ControlMessage =
  | { readonly type: 'ready' | 'heartbeat' | 'stopping' }
  | { readonly type: 'state'; readonly text: string }
  | { readonly type: 'metric'; readonly name: string; readonly kind: 'gauge' | 'counter'; readonly value: number }
  /** `line`: the message without its type, as JSON. */
  | { readonly type: 'log'; readonly line: string }
  | { readonly type: 'ack'; readonly record: number }
  | { readonly type: 'nack'; readonly record: RecordName; readonly reason: string; readonly retry: boolean }

export type MessageType = ControlMessage['type']

interface Fields {
  readonly [name: string]: unknown
}

class Wrong extends Error {}

const STATE_MAX = 200
const REASON_MAX = 500
const METRIC_NAME = /^[a-z][a-z0-9_]{0,63}$/

/** Fields of each message besides `type`; a log line may have any. */
const readers: Readonly<Record<MessageType, (fields: Fields) => ControlMessage>> = {
  ready: (fields) => bare('ready', fields),
  heartbeat: (fields) => bare('heartbeat', fields),
  stopping: (fields) => bare('stopping', fields),
  state: (fields) => ({ type: 'state', text: text(only(fields, 'text'), 'text', STATE_MAX) }),
  metric: (fields) => {
    const { name, kind = 'gauge', value } = only(fields, 'name', 'kind', 'value')
    if (typeof name !== 'string' || !METRIC_NAME.test(name))
      throw new Wrong('"name" should be lower-case letters, digits and underscores, at most 64, a letter first')
    if (kind !== 'gauge' && kind !== 'counter') throw new Wrong('"kind" should be "gauge" or "counter"')
    if (typeof value !== 'number' || !Number.isFinite(value)) throw new Wrong('"value" should be a number')
    if (kind === 'counter' && value < 0) throw new Wrong('"value" of a counter is what is added: it cannot be negative')
    // The suffix is the metric's, not the name's: it comes back where metrics are shown.
    return { type: 'metric', name: kind === 'counter' ? name.replace(/_total$/, '') : name, kind, value }
  },
  log: ({ type: _, ...rest }) => ({ type: 'log', line: JSON.stringify(rest) }),
  ack: (fields) => ({ type: 'ack', record: count(only(fields, 'record')['record']) }),
  nack: (fields) => {
    const { record, retry = false } = only(fields, 'record', 'reason', 'retry')
    if (typeof retry !== 'boolean') throw new Wrong('"retry" should be true or false')
    const named = typeof record === 'string' && record !== '' ? record : count(record)
    return { type: 'nack', record: named, reason: text(fields, 'reason', REASON_MAX), retry }
  },
}

/** `cut`: the line was too long to be kept whole. */
export function controlMessage(line: string, cut: boolean): ControlMessage | { readonly problem: string } {
  if (cut) return { problem: 'a line over 64 KiB' }
  let fields: unknown
  try {
    fields = JSON.parse(line)
  } catch {
    return { problem: 'a line that is no JSON' }
  }
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) return { problem: 'no JSON object' }
  const { type } = fields as Fields
  if (typeof type !== 'string' || !Object.hasOwn(readers, type))
    return { problem: `"type" should be one of ${Object.keys(readers).join(', ')}` }
  try {
    return readers[type as MessageType](fields as Fields)
  } catch (error) {
    if (error instanceof Wrong) return { problem: `${type}: ${error.message}` }
    // Of JSON.stringify, which takes the stack; JSON.parse does not.
    if (error instanceof RangeError) return { problem: `${type}: nested too deeply` }
    throw error
  }
}

function bare(type: 'ready' | 'heartbeat' | 'stopping', fields: Fields): ControlMessage {
  only(fields)
  return { type }
}

/** A field that is not known may be a known one misspelt: its message means something else than was meant. */
function only(fields: Fields, ...known: readonly string[]): Fields {
  const stranger = Object.keys(fields).find((name) => name !== 'type' && !known.includes(name))
  if (stranger !== undefined) throw new Wrong(`unknown field "${stranger.slice(0, 40)}"`)
  return fields
}

function text(fields: Fields, name: string, most: number): string {
  const value = fields[name]
  if (typeof value !== 'string') throw new Wrong(`"${name}" should be a string`)
  return value.replace(/\p{Cc}+/gu, ' ').slice(0, most)
}

function count(value: unknown): number {
  if (!Number.isSafeInteger(value) || Number(value) < 1) throw new Wrong('"record" should be a count from 1')
  return Number(value)
}
