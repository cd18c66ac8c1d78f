// `[rpcinterface:x]`: which namespaces a server has, from a table of factories.
import { mainFactory } from '../config/plugins.ts'
import type { PluginConfig } from '../config/types.ts'
import type { Daemon } from '../daemon.ts'
import { Dispatcher } from './dispatcher.ts'
import type { Namespace } from './method.ts'
import type { ServerLog } from './server/log.ts'
import { supervisorNamespace } from './supervisor.ts'

/** Makes the methods of one `[rpcinterface:x]`; `options` are the section's other keys. */
export type InterfaceFactory = (options: Readonly<Record<string, string>>) => Namespace

export interface InterfaceOptions {
  readonly interfaces: readonly PluginConfig[]
  readonly daemon: Daemon
  readonly log: ServerLog
  /** By the name that stands in the file, besides supervisord's own. */
  readonly factories?: Readonly<Record<string, InterfaceFactory>>
}

/**
 * The methods that a configuration asks for: each section gives its name to the namespace that its factory makes; an
 * unknown factory has been warned about when the file was read, and makes none.
 */
export function createDispatcher({ interfaces, daemon, log, factories = {} }: InterfaceOptions): Dispatcher {
  const table = new Map([[mainFactory, () => supervisorNamespace(daemon)], ...Object.entries(factories)])
  const namespaces = interfaces.flatMap(({ name, factory, options }): [string, Namespace][] => {
    const make = table.get(factory)
    return make === undefined ? [] : [[name, make(options)]]
  })
  return new Dispatcher(new Map(namespaces), log)
}
