import { AgentError } from '../../domain/errors.ts'
import type { ProgramSpec } from '../../domain/process/spec.ts'
import { newProcess, settled, type Process } from '../../domain/process/state.ts'
import type { Child, PipeOwner } from '../ports.ts'

/** What the supervisor keeps of one process. */
export interface Managed {
  readonly name: string
  readonly owner: PipeOwner
  process: Process
  child: Child | null
  /** We sent this child a signal. */
  signalled: boolean
  /** Those who wait until it is settled. */
  readonly waiters: (() => void)[]
  /** Nothing starts it any more. */
  halted: boolean
  /** It is down for a change: only whoever changes it starts it again. */
  held: boolean
  /** The supervisor knows it no more; its child may live on. */
  removed: boolean
}

/** A program that was just added: STOPPED, with nothing known of any child. */
export const newManaged = (name: string, spec: ProgramSpec, owner: PipeOwner, halted: boolean): Managed => ({
  name,
  owner,
  process: newProcess(spec),
  child: null,
  signalled: false,
  waiters: [],
  halted,
  held: false,
  removed: false,
})

/** Throws SHUTDOWN_STATE, or ABNORMAL_TERMINATION: a change is under way between a stop and the start that follows. */
export function mustBeFree({ name, halted, held }: Managed): void {
  if (halted) throw new AgentError('SHUTDOWN_STATE', `cannot start ${name}: the agent stops`)
  if (held) throw new AgentError('ABNORMAL_TERMINATION', `cannot start ${name}: it is being changed`)
}

/** Throws FAILED while it is up or will be, as far as that is known. */
export function mustBeDown({ name, process }: Managed): void {
  if (process.state === 'UNKNOWN' || (settled(process) && process.child === null)) return
  throw new AgentError('FAILED', `cannot remove ${name} while it is ${process.state}: stop it first`)
}
