// What the main log says about a process, from the engine's facts: the words are supervisord's, people's scripts read them.
import type { EventName } from '../../../domain/log-events.ts'
import type { NumberedEvent } from '../../../engine/snapshot.ts'
import type { LogLevel } from '../config/values.ts'

type Fields = NumberedEvent['fields']

export interface Line {
  readonly level: LogLevel
  readonly text: string
}

interface About {
  readonly name: string
  readonly startsecs: number
  readonly stopasgroup: boolean
  readonly stopsignal: string
}

const shown = (value: Fields[string] | undefined): string => String(value ?? '')

/** supervisord: decode_wait_status. */
const ending = ({ exitCode, signal }: Fields): string =>
  signal == null ? `exit status ${shown(exitCode)}` : `terminated by ${shown(signal)}`

const lines: Readonly<Partial<Record<EventName, (fields: Fields, about: About) => Line | null>>> = {
  'process.spawned': ({ pid }, { name }) => info(`spawned: '${name}' with pid ${shown(pid)}`),
  'process.spawn-failed': ({ reason }) => info(`spawnerr: ${shown(reason)}`),
  'process.running': (_, { name, startsecs }) => {
    const stay = `process has stayed up for > than ${startsecs} seconds (startsecs)`
    return info(`success: ${name} entered RUNNING state, ${stay}`)
  },
  'process.exited': (fields, { name }) =>
    fields['expected'] === true
      ? info(`exited: ${name} (${ending(fields)}; expected)`)
      : warn(`exited: ${name} (${ending(fields)}; not expected)`),
  'process.fatal': (_, { name }) => info(`gave up: ${name} entered FATAL state, too many start retries too quickly`),
  'process.restarting': ({ reason }, { name }) => warn(`restarting: ${name} (${shown(reason)})`),
  'process.healthy': (_, { name }) => info(`healthy: ${name}`),
  'process.unhealthy': ({ reason }, { name }) => warn(`unhealthy: ${name} (${shown(reason)})`),
  'process.stopping': ({ pid }, { name, stopasgroup, stopsignal }) =>
    debug(`killing ${name} (pid ${shown(pid)}) ${stopasgroup ? 'process group ' : ''}with signal ${stopsignal}`),
  'process.stop-overdue': ({ pid, action }, { name }) =>
    warn(`killing '${name}' (${shown(pid)}) with ${shown(action)}`),
  'process.stopped': (fields, { name }) => {
    if (fields['pid'] == null && fields['from'] === 'STARTING') return info(`stopped: ${name} (not spawned yet)`)
    if (fields['pid'] == null) return debug(`Attempted to kill ${name}, which is in BACKOFF state.`)
    const text = `stopped: ${name} (${ending(fields)})`
    return fields['expected'] === true ? info(text) : warn(text)
  },
  'process.kill-failed': ({ reason, pid }, { name }) => {
    return { level: 'critical', text: `unknown problem killing ${name} (${shown(pid)}):${shown(reason)}` }
  },
  'process.unknown': ({ reason }, { name }) => {
    return { level: 'critical', text: `unknown problem killing ${name}:${shown(reason)}` }
  },
}

/** Of a child whose program was removed while nobody could signal it; null: the fact is another. */
export function outlivedLine({ event, fields }: NumberedEvent): Line | null {
  if (event !== 'os.child-ended') return null
  const { program, pid } = fields
  return info(`exited: ${shown(program)} (pid ${shown(pid)}, removed while UNKNOWN; ${ending(fields)})`)
}

const info = (text: string): Line => ({ level: 'info', text })
const warn = (text: string): Line => ({ level: 'warn', text })
const debug = (text: string): Line => ({ level: 'debug', text })

/** Null: this fact has no line. */
export const processLine = ({ event, fields }: NumberedEvent, about: About): Line | null =>
  lines[event]?.(fields, about) ?? null
