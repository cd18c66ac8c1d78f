// From the engine's facts to supervisord's PROCESS_STATE events (supervisord: events.ProcessStateEvent).
import type { EventName } from '../../../domain/log-events.ts'
import type { NumberedEvent } from '../../../engine/snapshot.ts'
import type { EventBus } from './event-bus.ts'

type Fields = NumberedEvent['fields']

const tries = ({ retries }: Fields): string => ` tries:${number(retries)}`
const pid = ({ pid: value }: Fields): string => ` pid:${number(value)}`
const none = (): string => ''
const number = (value: Fields[string] | undefined): number => (typeof value === 'number' ? value : 0)

const types: Readonly<Partial<Record<EventName, readonly [type: string, more: (fields: Fields) => string]>>> = {
  'process.starting': ['STARTING', tries],
  'process.running': ['RUNNING', pid],
  'process.backoff': ['BACKOFF', tries],
  'process.stopping': ['STOPPING', pid],
  'process.stopped': ['STOPPED', pid],
  'process.fatal': ['FATAL', none],
  'process.abandoned': ['FATAL', none],
  'process.unknown': ['UNKNOWN', none],
  'process.exited': ['EXITED', (fields) => ` expected:${fields['expected'] === true ? 1 : 0}${pid(fields)}`],
}

/** Ours: they come only where the configuration asks for what they tell. */
const additional: Readonly<Partial<Record<EventName, string>>> = {
  'process.healthy': 'PROCESS_HEALTH_HEALTHY',
  'process.unhealthy': 'PROCESS_HEALTH_UNHEALTHY',
  'process.restarting': 'PROCESS_RESTARTING',
}

/** Tells one fact about a process as the event that listeners know; most facts are none. */
export function notifyState(bus: EventBus, { event, fields }: NumberedEvent, name: string, group: string): void {
  const own = additional[event]
  if (own !== undefined) {
    bus.notify(own, `processname:${name} groupname:${group}${pid(fields)}\n${String(fields['reason'] ?? '')}`)
    return
  }
  const found = types[event]
  if (found === undefined) return
  const [type, more] = found
  // A start that failed is told by BACKOFF alone.
  if (type === 'EXITED' && fields['state'] !== 'EXITED') return
  const from = String(fields['from'])
  bus.notify(`PROCESS_STATE_${type}`, `processname:${name} groupname:${group} from_state:${from}${more(fields)}`)
}
