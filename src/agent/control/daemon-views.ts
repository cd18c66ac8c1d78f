// The same daemon, seen through other eyes.
import { AgentError, type ErrorCode } from '../../domain/errors.ts'
import type { Daemon } from '../../faces/supervisord/daemon.ts'

/** `daemon` with some methods of its own; the others stay bound to it. */
export const overriding = (daemon: Daemon, changes: Partial<Daemon>): Daemon =>
  new Proxy(daemon, {
    get(target, name): unknown {
      const value: unknown = Reflect.get(changes, name) ?? Reflect.get(target, name, target)
      return typeof value === 'function' ? (value as (...given: unknown[]) => unknown).bind(target) : value
    },
  })

/** A new method has to be called one or the other. */
const isOrder = {
  identifier: false,
  pid: false,
  state: false,
  now: false,
  processes: false,
  process: false,
  groups: false,
  configs: false,
  startProcess: true,
  stopProcess: true,
  signalProcess: true,
  startGroup: true,
  startAll: true,
  stopGroup: true,
  stopAll: true,
  signalGroup: true,
  signalAll: true,
  sendStdin: true,
  reread: true,
  addGroup: true,
  removeGroup: true,
  shutdown: true,
  restart: true,
  sendRemoteCommEvent: true,
  readLog: false,
  tailLog: false,
  clearLogs: true,
  clearAllLogs: true,
  followLog: false,
  readMainLog: false,
  clearMainLog: true,
  followMainLog: false,
} as const satisfies Record<keyof Daemon, boolean>

/** Answers every question of `daemon`; every order raises `code`. */
export function withoutOrders(daemon: Daemon, code: ErrorCode, subject: string): Daemon {
  const refuse = (): never => {
    throw new AgentError(code, subject)
  }
  const orders = Object.entries(isOrder).filter(([, refused]) => refused)
  return overriding(daemon, Object.fromEntries(orders.map(([name]) => [name, refuse])))
}
