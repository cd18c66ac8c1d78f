// What one process is, what can happen to it, and what the machine wishes for: plain data, no clock, no child.
import type { ErrorCode } from '../errors.ts'
import type { DomainEvent } from '../events.ts'
import type { Millis } from '../time.ts'
import type { ProgramSpec, Signal } from './spec.ts'

/** supervisord: states.ProcessStates. */
export type ProcessState = 'STOPPED' | 'STARTING' | 'RUNNING' | 'BACKOFF' | 'STOPPING' | 'EXITED' | 'FATAL' | 'UNKNOWN'

export interface ExitStatus {
  /** 0 … 255, or null when a signal ended it. */
  readonly code: number | null
  readonly signal: Signal | null
}

/** The child of this moment. `since` is the monotonic instant of its start. */
export interface LiveChild {
  readonly pid: number
  readonly since: Millis
  /** It has answered a record. */
  readonly progressed: boolean
}

/** Immutable; `startedAt` and `stoppedAt` are ms since the epoch, every other instant is monotonic. */
export interface Process {
  /** What the last start used. */
  readonly spec: ProgramSpec
  /** What the next start will use. */
  readonly nextSpec: ProgramSpec
  readonly state: ProcessState
  /** Exactly in STARTING, RUNNING, STOPPING (and UNKNOWN: a child that cannot be signalled); not yet while preparing. */
  readonly child: LiveChild | null
  /** Index into `spec.stop` of the step that waits for the child to die. */
  readonly stopStep: number
  /** Why the stop under way is followed by a start; null: it is not. */
  readonly again: string | null
  /** Failed starts in a row. */
  readonly retries: number
  /** When the next start comes by itself; null when none does. */
  readonly retryAt: Millis | null
  /** The last run did what runs are for (`Backoff.floor`), and the next one is due or has begun. */
  readonly ranWell: boolean
  /** Starts that came by themselves, ever. */
  readonly restarts: number
  readonly startedAt: Millis | null
  readonly stoppedAt: Millis | null
  /** How the last run ended; null while one goes on. */
  readonly exit: (ExitStatus & { readonly expected: boolean }) | null
  /** Why the last run failed, in supervisord's words; empty when it did not. */
  readonly spawnerr: string
}

/** A future instant the machine waits for. One per process: arming replaces it. */
export type Deadline = 'stayedUp' | 'retryDue' | 'stopOverdue'

export interface Payloads {
  start: object
  stop: object
  /** It is unfit: stopped like by `stop`, then started again. */
  restart: { readonly reason: string }
  /** The agent stops for good: like `stop`, but what waits for its next start just never gets it. */
  abandon: object
  /** The answer to the effect `prepare`; the other one is `spawnFailed`. */
  prepared: object
  /** The answers to the effect `spawn`, before any other event. */
  spawned: { readonly pid: number; readonly wall: Millis }
  spawnFailed: { readonly reason: string; readonly wall: Millis }
  /** The child said that it is. */
  ready: object
  /** The child's first answered record. */
  progressed: object
  exited: { readonly status: ExitStatus; readonly wall: Millis }
  /** The child lives, and the system refused to signal it. */
  killFailed: { readonly reason: string }
  stayedUp: object
  retryDue: object
  stopOverdue: object
}

export type EventType = keyof Payloads

/** A command, a fact or a deadline that fell due, at the monotonic instant `at`. */
export type EventOf<K extends EventType> = {
  [P in K]: { readonly type: P; readonly at: Millis } & Readonly<Payloads[P]>
}[K]

export type ProcessEvent = EventOf<EventType>

export type Effect =
  /** To be answered some time, unless it is called off. */
  | { readonly type: 'prepare' | 'callOff' }
  | { readonly type: 'spawn' }
  | { readonly type: 'closeStdin' }
  | { readonly type: 'kill'; readonly pid: number; readonly signal: Signal; readonly group: boolean }
  /** The child is dead: kill what is left of its process group. */
  | { readonly type: 'sweep'; readonly pid: number }
  | { readonly type: 'arm'; readonly deadline: Deadline; readonly after: Millis }
  | { readonly type: 'disarm' }
  | { readonly type: 'tell'; readonly event: DomainEvent }

export interface Moved {
  readonly process: Process
  /** To be performed in this order. */
  readonly effects: readonly Effect[]
}

/** What comes of an event: the process that is from now on with the wishes that go with it, or a refusal. */
export type Step = Moved | { readonly refused: ErrorCode }

export type Cell<K extends EventType> = (process: Process, event: EventOf<K>) => Step

export type Row = { readonly [K in EventType]: Cell<K> }

/** From the fourth failed start in a row. */
export const crashLoop = (process: Process): boolean => process.retries >= 4

/** It works: it runs, or is between two runs after one that did its work, and need not prove the next start. */
export const isUp = ({ state, ranWell }: Pick<Process, 'state' | 'ranWell'>): boolean =>
  state === 'RUNNING' || (ranWell && (state === 'STARTING' || state === 'EXITED'))

/** Nothing moves until somebody asks. UNKNOWN counts: nothing more will be tried there. */
export const settled = (process: Process): boolean =>
  ['STOPPED', 'FATAL', 'UNKNOWN'].includes(process.state) || (process.state === 'EXITED' && process.retryAt === null)

/** What the start that is due uses. */
export function specOfStart({ spec, retries }: Process): ProgramSpec {
  const { startVariable: name, environment } = spec
  return name === undefined ? spec : { ...spec, environment: { ...environment, [name]: String(retries + 1) } }
}

/** A process that was never started. */
export const newProcess = (spec: ProgramSpec): Process => ({
  spec,
  nextSpec: spec,
  state: 'STOPPED',
  child: null,
  stopStep: 0,
  again: null,
  retries: 0,
  retryAt: null,
  ranWell: false,
  restarts: 0,
  startedAt: null,
  stoppedAt: null,
  exit: null,
  spawnerr: '',
})
