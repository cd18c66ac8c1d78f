// `[rpcinterface:x]`: under which names a server has its methods.
import { mainFactory } from '../config/plugins.ts'
import type { PluginConfig } from '../config/types.ts'
import type { Daemon } from '../daemon.ts'
import { Dispatcher } from './dispatcher.ts'
import type { ServerLog } from './server/log.ts'
import { supervisorNamespace } from './supervisor.ts'

export interface InterfaceOptions {
  readonly interfaces: readonly PluginConfig[]
  readonly daemon: Daemon
  readonly log: ServerLog
}

/**
 * The methods that a configuration asks for: each section of supervisord's own factory gives its name to its methods;
 * any other factory has been warned about when the file was read, and makes none.
 */
export function createDispatcher({ interfaces, daemon, log }: InterfaceOptions): Dispatcher {
  const known = interfaces.filter(({ factory }) => factory === mainFactory)
  return new Dispatcher(new Map(known.map(({ name }) => [name, supervisorNamespace(daemon)])), log)
}
