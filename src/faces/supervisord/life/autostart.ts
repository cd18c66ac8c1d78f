import type { Clock } from '../../../engine/ports.ts'
import type { Supervisor } from '../../../engine/supervision/supervisor.ts'
import { isMeant } from '../config/dependencies.ts'
import type { MainLog } from '../main-log/main-log.ts'
import { isFit } from './commands.ts'
import type { ManagedProcess } from './managed-process.ts'
import type { Roster } from './roster.ts'
import { inSlices } from './slices.ts'
import type { StateWatch } from './state-watch.ts'

interface Parts {
  readonly supervisor: Supervisor
  readonly clock: Pick<Clock, 'now'>
  readonly mainLog: MainLog
  readonly roster: Roster
  readonly watch: StateWatch
  readonly mayGoOn: () => boolean
}

/**
 * Starts those that have autostart and never ran, in this order, without waiting for any to be RUNNING (supervisord:
 * Subprocess.transition). Those that depend on others follow when these are RUNNING, and
 * healthy where that is checked.
 */
export async function autostart(processes: readonly ManagedProcess[], parts: Parts): Promise<void> {
  const { supervisor, clock, mayGoOn } = parts
  await inSlices(clock, processes, (process) => {
    if (!mayGoOn() || !isNew(process, supervisor)) return
    if (process.config.dependsOn.length > 0) void startWhenReady(process, parts)
    else supervisor.start(process.namespec)
  })
}

function isNew({ config, namespec }: ManagedProcess, supervisor: Supervisor): boolean {
  const snapshot = supervisor.snapshot(namespec)
  return config.autostart && snapshot?.state === 'STOPPED' && snapshot.startedAt === null
}

async function startWhenReady(process: ManagedProcess, parts: Parts): Promise<void> {
  const { supervisor, mainLog, roster, watch, mayGoOn } = parts
  const isReady = (other: ManagedProcess): boolean =>
    supervisor.snapshot(other.namespec)?.state === 'RUNNING' && isFit(other)
  const isWanted = (): boolean => mayGoOn() && roster.known(process.namespec) === process && isNew(process, supervisor)
  while (isWanted()) {
    const missing = missingOf(process, roster, isReady)
    if (missing === null) {
      supervisor.start(process.namespec)
      return
    }
    const { name, other } = missing
    mainLog.line('info', `${process.name} waits for ${name}${other === null ? ', which is not there' : ''}`)
    // An update may put another process in its place, or elsewhere.
    const isPast = (): boolean =>
      other === null ? isThere(name, roster) : isReady(other) || roster.known(other.namespec) !== other
    await watch.until(name, () => (isPast() || !isWanted() ? true : undefined))
  }
}

/** What keeps a process from its start: another that is not ready, or null: nothing has the name now. */
interface Missing {
  readonly name: string
  readonly other: ManagedProcess | null
}

/** The first of its dependencies that is not ready; null: all are. */
function missingOf(
  process: ManagedProcess,
  roster: Roster,
  isReady: (other: ManagedProcess) => boolean,
): Missing | null {
  const all = roster.processes().filter((other) => other !== process)
  for (const wanted of process.config.dependsOn) {
    if (!isThere(wanted, roster)) return { name: wanted, other: null }
    const other = all.find((candidate) => isMeant(wanted, candidate.config) && !isReady(candidate))
    if (other !== undefined) return { name: other.namespec, other }
  }
  return null
}

/** Between the two halves of an update it is not. A group may have no process at all. */
const isThere = (wanted: string, roster: Roster): boolean =>
  roster.has(wanted) || roster.processes().some(({ config }) => isMeant(wanted, config))
