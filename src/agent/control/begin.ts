// Control is loaded only where somebody may use it.
import type { Config } from '../../config/config.ts'
import { AgentError } from '../../domain/errors.ts'
import type { ReadModel } from '../../engine/snapshot.ts'
import type { Daemon } from '../../faces/supervisord/daemon.ts'
import { hasKeys } from '../../http/control/keys.ts'
import type { Log } from '../../log.ts'
import type { Control } from './control.ts'
import type { StreamDaemonParts } from './stream-daemon.ts'

export interface BeginParts extends Omit<StreamDaemonParts, 'identifier'> {
  readonly config: Config
  readonly log: Log
  readonly model: ReadModel
  /** The daemon of a configuration file beside the Calculator, null between two of its lives; undefined: there is none. */
  readonly daemon: (() => Daemon | null) | undefined
}

/** Null: nobody may control. Raises UNAVAILABLE where CONTROL_SOCKET cannot be had. */
export async function beginControl(parts: BeginParts): Promise<Control | null> {
  const { config, clock, log, model } = parts
  if (config.control.socket === null && !hasKeys(config.control)) return null
  const { Control } = await import('./control.ts')
  const daemon = parts.daemon ?? (await ownDaemon(parts))
  return Control.open({
    settings: config.control,
    clock,
    log,
    model,
    daemon: () => {
      const found = daemon()
      if (found === null) throw new AgentError('SHUTDOWN_STATE', 'the configuration is being read again')
      return found
    },
  })
}

async function ownDaemon({ config, ...parts }: BeginParts): Promise<() => Daemon> {
  const [{ streamDaemon }, { withoutOrders }] = await Promise.all([
    import('./stream-daemon.ts'),
    import('./daemon-views.ts'),
  ])
  const daemon = streamDaemon({ ...parts, identifier: config.instanceId })
  const leaving = withoutOrders(daemon, 'SHUTDOWN_STATE', 'the agent is leaving')
  return () => (parts.isLeaving() ? leaving : daemon)
}
