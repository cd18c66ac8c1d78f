// What all parts of one life of the daemon share.
import type { Logs } from '../../../engine/log-ports.ts'
import type { Clock } from '../../../engine/ports.ts'
import type { SupervisordSettings } from '../config/types.ts'
import type { EventBus, Serials } from '../events/event-bus.ts'
import type { MainLog } from '../main-log/main-log.ts'
import type { Followers } from '../output/followers.ts'

export interface Surroundings {
  readonly settings: SupervisordSettings
  readonly clock: Clock
  readonly logs: Logs
  readonly mainLog: MainLog
  readonly bus: EventBus
  readonly serials: Serials
  readonly followers: Followers
}
