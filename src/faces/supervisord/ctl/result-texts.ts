// From the status of one process in an answer to its line and its exit code.
import { makeNamespec } from '../namespec.ts'
import { fault } from './faults.ts'

/** Exit codes of an init script (supervisord: LSBInitExitStatuses). */
export const exit = {
  success: 0,
  generic: 1,
  invalidArguments: 2,
  unimplemented: 3,
  insufficientPrivileges: 4,
  notInstalled: 5,
  notRunning: 7,
} as const

/** Of `status` (supervisord: LSBStatusExitStatuses). */
export const statusExit = { notRunning: 3, unknown: 4 } as const

export interface Result {
  readonly group: string
  readonly name: string
  /** A fault's number; 80 is success. */
  readonly status: number
  readonly description: string
}

export type Deed = 'started' | 'stopped' | 'signalled' | 'cleared'

const signalErrors: Readonly<Record<number, string>> = {
  [fault.BAD_NAME]: 'no such process',
  [fault.BAD_SIGNAL]: 'bad signal name',
  [fault.NOT_RUNNING]: 'not running',
}

const errors: Readonly<Record<Deed, Readonly<Record<number, string>>>> = {
  started: {
    [fault.BAD_NAME]: 'no such process',
    [fault.NO_FILE]: 'no such file',
    [fault.NOT_EXECUTABLE]: 'file is not executable',
    [fault.ALREADY_STARTED]: 'already started',
    [fault.SPAWN_ERROR]: 'spawn error',
    [fault.ABNORMAL_TERMINATION]: 'abnormal termination',
  },
  stopped: signalErrors,
  signalled: signalErrors,
  cleared: { [fault.BAD_NAME]: 'no such process', [fault.FAILED]: 'failed' },
}

/**
 * The line for one process (supervisord: DefaultControllerPlugin._startresult and its like).
 * @throws Error for a number that this deed cannot end with
 */
export function resultLine(deed: Deed, { group, name, status, description }: Result): string {
  const namespec = makeNamespec(group, name)
  if (status === fault.SUCCESS) return `${namespec}: ${deed}`
  if (status === fault.FAILED && (deed === 'stopped' || deed === 'signalled')) return description
  const text = errors[deed][status]
  if (text === undefined) throw new Error(`Unknown result code ${status} for ${namespec}`)
  return `${namespec}: ERROR (${text})`
}

const dead: readonly number[] = [fault.SPAWN_ERROR, fault.ABNORMAL_TERMINATION, fault.NOT_RUNNING]
/** The wish was fulfilled before it was uttered. */
const harmless: Readonly<Partial<Record<Deed, number>>> = {
  started: fault.ALREADY_STARTED,
  stopped: fault.NOT_RUNNING,
}

/** The exit code that a result asks for; null: none (supervisord: Controller.set_exitstatus_from_xmlrpc_fault). */
export function resultExit(deed: Deed, status: number): number | null {
  if (status === fault.SUCCESS || status === harmless[deed]) return null
  return dead.includes(status) ? exit.notRunning : exit.generic
}
