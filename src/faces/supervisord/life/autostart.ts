import { setImmediate as breathe } from 'node:timers/promises'
import type { Clock } from '../../../engine/ports.ts'
import type { Supervisor } from '../../../engine/supervisor.ts'
import type { ManagedProcess } from './managed-process.ts'

/** Starts in a row; then the loop has its turn. */
const sliceMs = 8

/**
 * Starts those that have autostart and never ran, in this order, without waiting for any to be RUNNING (supervisord:
 * Subprocess.transition).
 */
export async function autostart(
  supervisor: Supervisor,
  processes: readonly ManagedProcess[],
  clock: Pick<Clock, 'now'>,
  mayGoOn: () => boolean,
): Promise<void> {
  let since = clock.now()
  for (const { config, namespec } of processes) {
    if (!mayGoOn()) return
    const snapshot = supervisor.snapshot(namespec)
    if (!config.autostart || snapshot?.state !== 'STOPPED' || snapshot.startedAt !== null) continue
    supervisor.start(namespec)
    if (clock.now() - since <= sliceMs) continue
    await breathe()
    since = clock.now()
  }
}
