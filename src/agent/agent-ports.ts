import type { Machine } from '../config/machine.ts'
import type { Environment } from '../config/read.ts'
import type { EventRing } from '../engine/event-ring.ts'
import type { Clock, Spawner } from '../engine/ports.ts'
import type { Supervisor } from '../engine/supervisor.ts'
import type { Daemon } from '../faces/supervisord/daemon.ts'
import type { Log } from '../log.ts'

/** What an agent needs of the world. */
export interface AgentPorts {
  readonly clock: Clock
  readonly spawner: Spawner
  readonly log: Log
  /** Where the configuration was read from, and what is in files is read again. */
  readonly environment: Environment
  readonly machine: Machine
  /** Where other programs run beside the Calculator: what they share with it. */
  readonly shared?: {
    readonly events: EventRing
    readonly supervisor: Supervisor
    /** The daemon of now. */
    readonly daemon: () => Daemon | null
  }
}
