// What a reread found: which groups are new, gone, or not what they were.
import { isDeepStrictEqual } from 'node:util'
import type { ChannelLog, GroupConfig, ProcessConfig } from './types.ts'

/** Names of groups, in the order in which `reread` tells them. */
export interface Difference {
  readonly added: readonly string[]
  readonly changed: readonly string[]
  readonly removed: readonly string[]
}

/**
 * Compares groups as supervisord does (Supervisor.diff_to_active): every field of every process, the members and their
 * order, a group's priority, a listener's events and buffer, an fcgi socket's url.
 * @param current groups that are active, in any order
 * @param next groups of the configuration just read
 */
export function difference(current: readonly GroupConfig[], next: readonly GroupConfig[]): Difference {
  const before = new Map(current.map((group) => [group.name, group]))
  const after = new Set(next.map(({ name }) => name))
  return {
    added: next.filter(({ name }) => !before.has(name)).map(({ name }) => name),
    changed: next.filter((group) => isChanged(before.get(group.name), group)).map(({ name }) => name),
    removed: current.filter(({ name }) => !after.has(name)).map(({ name }) => name),
  }
}

const isChanged = (before: GroupConfig | undefined, after: GroupConfig): boolean =>
  before !== undefined && !sameGroup(before, after)

function sameGroup(before: GroupConfig, after: GroupConfig): boolean {
  return (
    isDeepStrictEqual(frame(before), frame(after)) &&
    before.processes.length === after.processes.length &&
    before.processes.every((process, index) => sameProcess(process, after.processes[index]))
  )
}

/** Of an fcgi socket only the address counts: its rights are set when it is made. */
function frame(group: GroupConfig): object {
  const { processes, ...rest } = group
  return 'socket' in rest ? { ...rest, socket: rest.socket.url } : rest
}

/**
 * Where a section is written does not count, nor what every child inherits; all the rest does.
 */
export function sameProcess(before: ProcessConfig, after: ProcessConfig | undefined): boolean {
  if (after === undefined) return false
  const isSame = sameLog(before.stdout, after.stdout) && sameLog(before.stderr, after.stderr)
  return isSame && isDeepStrictEqual(fields(before), fields(after))
}

function fields({ place, stdout, stderr, spec, fcgiSocket, ...process }: ProcessConfig): object {
  return { ...process, fcgiSocket: fcgiSocket?.url, spec: { ...spec, environment: null } }
}

/** The file of an AUTO log has a name of its own in each start, so it is not compared. */
function sameLog(before: ChannelLog, after: ChannelLog): boolean {
  const isAuto = before.logfile.kind === 'auto' || after.logfile.kind === 'auto'
  const named = (log: ChannelLog): object => (isAuto ? { ...log, logfile: null } : log)
  return isDeepStrictEqual(named(before), named(after))
}
