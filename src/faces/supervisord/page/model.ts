// What the status page shows, apart from how.
import type { ProcessState } from '../../../domain/process/state.ts'
import { namespec } from '../../../domain/process/spec.ts'
import type { Daemon, DaemonState } from '../daemon.ts'
import { description } from '../rpc/process-info.ts'
import type { ProcessAction } from './actions.ts'

export interface ProcessRow {
  readonly namespec: string
  readonly state: ProcessState
  readonly description: string
  /** What makes sense in this state. */
  readonly actions: readonly ProcessAction[]
}

export interface StatusModel {
  readonly identifier: string
  readonly daemonState: DaemonState
  /** What the last action had to say. */
  readonly message: string | null
  /** Sorted by group and name. */
  readonly processes: readonly ProcessRow[]
}

/** What the status page shows now; `message` is what the last button did. */
export function statusModel(daemon: Daemon, message: string | null): StatusModel {
  const processes = daemon.processes().map((info) => ({
    namespec: namespec(info),
    state: info.state,
    description: description(info),
    actions: actionsIn(info.state),
  }))
  return { identifier: daemon.identifier, daemonState: daemon.state(), message, processes }
}

/** supervisord: web.StatusView.actions_for_process. */
function actionsIn(state: ProcessState): readonly ProcessAction[] {
  switch (state) {
    case 'RUNNING':
      return ['restart', 'stop', 'clearlog']
    case 'STOPPED':
    case 'EXITED':
    case 'FATAL':
      return ['start', 'clearlog']
    case 'STARTING':
    case 'BACKOFF':
    case 'STOPPING':
    case 'UNKNOWN':
      return ['clearlog']
  }
}
