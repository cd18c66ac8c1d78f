// The read model of one process and one configuration, in the shape of the port.
import type { ProcessSnapshot } from '../../../engine/snapshot.ts'
import { namespec } from '../../../domain/process/spec.ts'
import type { ChannelLog, GroupConfig, ProcessConfig, SupervisordConfig } from '../config/types.ts'
import type { ConfigInfo, GroupInfo, ProcessInfo } from '../daemon.ts'
import type { Handled } from './guest.ts'
import type { Roster } from './roster.ts'

/** supervisord keeps no exit status of a run that ended too early. */
const forgotten = 'Exited too quickly'

/** One process at the instant `now`, ms since the epoch. supervisord: rpcinterface.getProcessInfo. */
export function processInfo(process: Handled, snapshot: ProcessSnapshot, now: number): ProcessInfo {
  const { name, group, state, startedAt, stoppedAt, spawnerr, pid, exit } = snapshot
  const exitstatus = exit === null || spawnerr.startsWith(forgotten) ? 0 : (exit.code ?? -1)
  const logs = { stdoutLogfile: process.stdout.path ?? '', stderrLogfile: process.stderr.path ?? '' }
  const health = state === 'RUNNING' && process.health !== null ? { health: process.health } : {}
  return { name, group, state, startedAt, stoppedAt, now, spawnerr, exitstatus, pid, ...health, ...logs }
}

/** Every process of the configuration read last, sorted by name. */
export function configInfos(config: SupervisordConfig, roster: Roster): readonly ConfigInfo[] {
  const active = new Map(roster.processes().map((process) => [process.config, process]))
  const infos = config.groups.flatMap((group) =>
    group.processes.map((process) => configInfo(group, process, isInUse(group, process, roster), active.get(process))),
  )
  return infos.sort((a, b) => compare(a.process.spec.name, b.process.spec.name))
}

/** Of a group that is active; more processes of a program that may be resized are not until they are added. */
const isInUse = (group: GroupConfig, { numprocsLive, spec }: ProcessConfig, roster: Roster): boolean =>
  roster.has(group.name) && (!numprocsLive || roster.known(namespec(spec)) !== undefined)

/** @param active the process that runs with this very configuration, if one does */
function configInfo(
  group: GroupConfig,
  process: ProcessConfig,
  inuse: boolean,
  active: Handled | undefined,
): ConfigInfo {
  const fileOf = ({ logfile }: ChannelLog, assigned: string | null | undefined): string | null => {
    if (logfile.kind === 'auto') return assigned ?? 'auto'
    return logfile.kind === 'file' ? logfile.path : null
  }
  return {
    group,
    process,
    inuse,
    stdoutLogfile: fileOf(process.stdout, active?.stdout.path),
    stderrLogfile: fileOf(process.stderr, active?.stderr.path),
  }
}

/** Those of the file and those of guests, by name. */
export function groupInfos(roster: Roster): readonly GroupInfo[] {
  const own = roster.groups().map(({ config, processes }) => {
    return { name: config.name, priority: config.priority, processes: processes.map(({ name }) => name).sort() }
  })
  const guests = [...Map.groupBy(roster.guests(), ({ spec }) => spec.group)].map(([name, members]) => {
    const priority = Math.min(...members.map(({ spec }) => spec.priority))
    return { name, priority, processes: members.map((guest) => guest.name).sort() }
  })
  return [...own, ...guests].sort((a, b) => compare(a.name, b.name))
}

/** By group, then by name. */
export const byName = (a: Handled, b: Handled): number => compare(a.spec.group, b.spec.group) || compare(a.name, b.name)

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
