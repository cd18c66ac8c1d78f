// Everything is stopped by priority, and nothing is started any more.
import type { Timer } from '../../../engine/ports.ts'
import type { Supervisor } from '../../../engine/supervision/supervisor.ts'
import { stoppedStates } from '../daemon.ts'
import { reminder } from './reminder.ts'
import type { Roster } from './roster.ts'
import type { Surroundings } from './surroundings.ts'

const reportEveryMs = 3000
/** One turn of supervisord's loop, which its listeners have between the last stop and their own. */
const hearOutMs = 1000

/** Stops and removes every group; resolves when nothing is left (supervisord: ordered_stop_groups_phase_1). */
export async function stopEverything(supervisor: Supervisor, roster: Roster, around: Surroundings): Promise<void> {
  around.bus.notify('SUPERVISOR_STATE_CHANGE_STOPPING', '')
  const report = reportLeft(supervisor, roster, around)
  const all = roster.processes().map(({ namespec }) => namespec)
  await supervisor.halt(all, (names) => hearOut(names, roster, around))
  report.cancel()
  for (const { config } of roster.groups()) roster.remove(config.name)
}

/** Listeners among these are told of all that was stopped before them, unless they take long. */
async function hearOut(names: readonly string[], roster: Roster, { clock }: Surroundings): Promise<void> {
  const pools = roster.groups().flatMap(({ pool, processes }) => {
    return pool !== null && processes.some(({ namespec }) => names.includes(namespec)) ? [pool] : []
  })
  if (pools.length === 0) return
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const patience = clock.arm(hearOutMs, () => resolve(undefined))
  await Promise.race([promise, Promise.all(pools.map((pool) => pool.idle()))])
  patience.cancel()
}

/** supervisord: Supervisor.shutdown_report. */
function reportLeft(supervisor: Supervisor, roster: Roster, { clock, mainLog }: Surroundings): Timer {
  const isDown = (namespec: string): boolean =>
    stoppedStates.includes(supervisor.snapshot(namespec)?.state ?? 'STOPPED')
  return reminder(clock, reportEveryMs, () => {
    const left = roster.processes().filter(({ namespec }) => !isDown(namespec))
    if (left.length > 0) mainLog.line('info', `waiting for ${left.map(({ name }) => name).join(', ')} to die`)
  })
}
