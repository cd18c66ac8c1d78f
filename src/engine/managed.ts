import type { ProgramSpec } from '../domain/process/spec.ts'
import { newProcess, type Process } from '../domain/process/state.ts'
import type { Child, PipeOwner } from './ports.ts'

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
}

/** A program that was just added: STOPPED, with nothing known of any child. */
export const newManaged = (name: string, spec: ProgramSpec, owner: PipeOwner): Managed => ({
  name,
  owner,
  process: newProcess(spec),
  child: null,
  signalled: false,
  waiters: [],
  halted: false,
})
