// What a reread found: which groups are new, gone, or not what they were.
import { isDeepStrictEqual } from 'node:util'
import type { ChannelLog, GroupConfig, ProcessConfig } from './types.ts'

/**
 * Names of groups, in the order in which `reread` tells them. Where nothing but the number of processes of a program with
 * `numprocs_live` differs, the processes that come and go are told as `group:process` instead of the changed group.
 */
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
  const added: string[] = []
  const changed: string[] = []
  const removed = current.filter(({ name }) => !after.has(name)).map(({ name }) => name)
  for (const group of next) {
    const known = before.get(group.name)
    if (known === undefined) added.push(group.name)
    else if (!sameGroup(known, group)) {
      const resize = resizeOf(known, group)
      if (resize === null) changed.push(group.name)
      else {
        added.push(...resize.added)
        removed.push(...resize.removed)
      }
    }
  }
  return { added, changed, removed }
}

/** Processes that come and go, where that is all and `numprocs_live` allows it; null: more is different. */
function resizeOf(before: GroupConfig, after: GroupConfig): Pick<Difference, 'added' | 'removed'> | null {
  const next = new Map(after.processes.map((process) => [process.spec.name, process]))
  const known = new Set(before.processes.map(({ spec }) => spec.name))
  const added = after.processes.filter(({ spec }) => !known.has(spec.name))
  const removed = before.processes.filter(({ spec }) => !next.has(spec.name))
  const kept = before.processes.filter((process) => !removed.includes(process))
  const live = new Set(after.processes.filter(({ numprocsLive }) => numprocsLive).map(({ section }) => section))
  const isAll =
    after.kind === 'program' &&
    added.length + removed.length > 0 &&
    isDeepStrictEqual(frame(before), frame(after)) &&
    kept.every((process) => sameProcess(process, next.get(process.spec.name))) &&
    [...added, ...removed].every(({ section, fcgiSocket }) => live.has(section) && fcgiSocket === null)
  const names = (processes: readonly ProcessConfig[]): string[] =>
    processes.map(({ spec }) => `${spec.group}:${spec.name}`)
  return isAll ? { added: names(added), removed: names(removed) } : null
}

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

/** Where a section is written does not count, nor what every child inherits, nor `numprocs_live`; all the rest does. */
function sameProcess(before: ProcessConfig, after: ProcessConfig | undefined): boolean {
  if (after === undefined) return false
  const isSame = sameLog(before.stdout, after.stdout) && sameLog(before.stderr, after.stderr)
  return isSame && isDeepStrictEqual(fields(before), fields(after))
}

function fields({ place, stdout, stderr, spec, fcgiSocket, numprocsLive, ...process }: ProcessConfig): object {
  return { ...process, fcgiSocket: fcgiSocket?.url, spec: { ...spec, environment: null } }
}

/** The file of an AUTO log has a name of its own in each start, so it is not compared. */
function sameLog(before: ChannelLog, after: ChannelLog): boolean {
  const isAuto = before.logfile.kind === 'auto' || after.logfile.kind === 'auto'
  const named = (log: ChannelLog): object => (isAuto ? { ...log, logfile: null } : log)
  return isDeepStrictEqual(named(before), named(after))
}
