// The read model of one process and one configuration, in the shape of the port.
import type { ProcessSnapshot } from '../../../engine/snapshot.ts'
import type { ChannelLog, GroupConfig, ProcessConfig } from '../config/types.ts'
import type { ConfigInfo, ProcessInfo } from '../daemon.ts'
import type { ManagedProcess } from './managed-process.ts'

/** supervisord keeps no exit status of a run that ended too early. */
const forgotten = 'Exited too quickly'

export function processInfo(process: ManagedProcess, snapshot: ProcessSnapshot, now: number): ProcessInfo {
  const { name, group, state, startedAt, stoppedAt, spawnerr, pid, exit } = snapshot
  const exitstatus = exit === null || spawnerr.startsWith(forgotten) ? 0 : (exit.code ?? -1)
  const logs = { stdoutLogfile: process.stdout.path ?? '', stderrLogfile: process.stderr.path ?? '' }
  return { name, group, state, startedAt, stoppedAt, now, spawnerr, exitstatus, pid, ...logs }
}

/** @param active the process that runs with this very configuration, if one does */
export function configInfo(
  group: GroupConfig,
  process: ProcessConfig,
  inuse: boolean,
  active: ManagedProcess | undefined,
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

/** By group, then by name. */
export const byName = (a: ManagedProcess, b: ManagedProcess): number =>
  compare(a.spec.group, b.spec.group) || compare(a.name, b.name)

export const byPriority = (a: ManagedProcess, b: ManagedProcess): number => a.spec.priority - b.spec.priority

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
