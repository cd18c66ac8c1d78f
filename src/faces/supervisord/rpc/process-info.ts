// A process as getProcessInfo shows it, as a struct and, for thousands of them, directly as XML.
import { encodeMember, encodeValue, escapeText, structValue } from '../../../wire/xmlrpc/encode.ts'
import type { Millis } from '../../../domain/time.ts'
import { processStateCode, type ProcessInfo } from '../daemon.ts'
import { duration, shortTime } from './python-time.ts'

const MAX_INT = 2 ** 31 - 1

/** Whole seconds, at most what XML-RPC's integer holds; 0 for never. supervisord: xmlrpc.capped_int. */
const seconds = (at: Millis | null): number => (at === null ? 0 : Math.min(MAX_INT, Math.floor(at / 1000)))

/** Names and order of supervisord's members (rpcinterface.getProcessInfo). */
export const processStruct = (info: ProcessInfo): Record<string, string | number> => ({
  name: info.name,
  group: info.group,
  start: seconds(info.startedAt),
  stop: seconds(info.stoppedAt),
  now: seconds(info.now),
  state: processStateCode[info.state],
  statename: info.state,
  spawnerr: info.spawnerr,
  exitstatus: info.exitstatus,
  logfile: info.stdoutLogfile,
  stdout_logfile: info.stdoutLogfile,
  stderr_logfile: info.stderrLogfile,
  pid: info.pid ?? 0,
  description: description(info),
})

/** Ours, and only where the configuration asks for it. */
const healthWords = { starting: 'not yet healthy', healthy: 'healthy', unhealthy: 'unhealthy' } as const

/** What `status` prints behind the state. supervisord: rpcinterface._interpretProcessInfo. */
export function description(info: ProcessInfo): string {
  switch (info.state) {
    case 'RUNNING':
      return (
        `pid ${info.pid ?? 0}, uptime ${duration(seconds(info.now) - seconds(info.startedAt))}` +
        (info.health === undefined ? '' : `, ${healthWords[info.health]}`)
      )
    case 'BACKOFF':
    case 'FATAL':
      return info.spawnerr || `unknown error (try "tail ${info.name}")`
    case 'STOPPED':
    case 'EXITED':
      return info.startedAt === null ? 'Not started' : shortTime(info.stoppedAt ?? 0)
    case 'STARTING':
    case 'STOPPING':
    case 'UNKNOWN':
      return ''
  }
}

/** The XML before the first value, and after each one; members stand in the order of processStruct. */
const [head = '', ...tails] = cut()

function cut(): string[] {
  // Within Latin-1: what is cut from a text with a wider character stays twice as wide, and so does every answer.
  const hole = '\x7f'
  const nobody = { startedAt: null, stoppedAt: null, now: 0, state: 'STOPPED', exitstatus: 0, pid: null } as const
  const texts = { name: '', group: '', spawnerr: '', stdoutLogfile: '', stderrLogfile: '' }
  const members = Object.entries(processStruct({ ...nobody, ...texts })).map(([name, value]) =>
    encodeMember(name, typeof value === 'number' ? encodeValue(0).replace('0', hole) : encodeValue(hole)),
  )
  return structValue(members).split(hole)
}

/** encodeValue(processStruct(info)), at a fraction of its cost. */
export function processXml(info: ProcessInfo): string {
  let xml = head
  for (const [index, value] of Object.values(processStruct(info)).entries()) {
    xml += `${typeof value === 'number' ? value : escapeText(value)}${tails[index] ?? ''}`
  }
  return xml
}
