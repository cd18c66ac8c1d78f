// The namespace `supervisor`: 37 names, in four tables.
import type { Daemon } from '../daemon.ts'
import { fault } from './faults.ts'
import { method, type Definition, type Method, type Namespace } from './method.ts'
import { controlMethods } from './methods/control.ts'
import { logMethods } from './methods/logs.ts'
import { managementMethods } from './methods/management.ts'
import { questionMethods } from './methods/questions.ts'
import type { Parameter } from './parameters.ts'

export type Define = <const P extends readonly Parameter<unknown>[]>(definition: Definition<P>) => Method

/** supervisord: rpcinterface.SupervisorNamespaceRPCInterface. */
export function supervisorNamespace(daemon: Daemon): Namespace {
  const admit = (): void => {
    const state = daemon.state()
    if (state === 'SHUTDOWN' || state === 'RESTARTING') throw fault('SHUTDOWN_STATE')
  }
  const whileRunning: Define = (definition) => method({ admit, ...definition })
  return new Map(
    Object.entries({
      ...questionMethods(whileRunning, daemon),
      ...controlMethods(whileRunning, daemon),
      ...logMethods(whileRunning, daemon),
      ...managementMethods(whileRunning, method, daemon),
    }),
  )
}
