// The cells of the table in machine.ts. A cell is one sentence: the state that follows, what is told, what is wished for.
import type { ErrorCode } from '../errors.ts'
import type { Fields } from '../events.ts'
import type { Millis } from '../time.ts'
import { describe, type FactName } from './facts.ts'
import { endsRuns, exhausted, expected, restartDelay, retryDelay, tooQuickly, verdict } from './restart.ts'
import { namespec } from './spec.ts'
import type {
  Cell,
  Deadline,
  Effect,
  EventOf,
  EventType,
  ExitStatus,
  LiveChild,
  Moved,
  Process,
  ProcessEvent,
  Step,
} from './state.ts'

interface At {
  readonly at: Millis
}

const disarm: Effect = { type: 'disarm' }
const arm = (deadline: Deadline, after: Millis): Effect => ({ type: 'arm', deadline, after })

/** The last step of a stop is repeated, though not faster than this, or an unkillable child would keep us busy. */
const REPEAT_EVERY: Millis = 1000

/** The process after `change`. A start that was pending is not, unless the change says so. Names become told facts. */
function go(before: Process, change: Partial<Process>, ...wishes: (Effect | FactName)[]): Moved {
  const process: Process = { ...before, retryAt: null, ...change }
  const effects = wishes.map((wish) => (typeof wish === 'string' ? tell(wish, process, before) : wish))
  return { process, effects }
}

const tell = (name: FactName, after: Process, before: Process, extra?: Fields): Effect => ({
  type: 'tell',
  event: describe(name, after, before, extra),
})

/** Two moves for one event, when a state is passed through. */
function then<E>(first: Moved, cell: (process: Process, event: E) => Moved, event: E): Moved {
  const second = cell(first.process, event)
  return { process: second.process, effects: [...first.effects, ...second.effects] }
}

// ---- cells that move nothing -------------------------------------------------------------------------------------

/** Nothing follows from it: a deadline that lost its race, an answer that comes too late. */
export const ignore = (process: Process): Moved => ({ process, effects: [] })

/** Nothing moves, and whoever asked is given the code. */
export const refuse =
  (code: ErrorCode): Cell<EventType> =>
  () => ({ refused: code })

/** What cannot come in this state has come: throws. */
export const bug = (process: Process, event: ProcessEvent): Step => {
  throw new Error(`invariant broken: ${namespec(process.spec)} is ${process.state} and got ${event.type}`)
}

const live = (process: Process): LiveChild => {
  if (process.child === null) throw new Error(`invariant broken: ${namespec(process.spec)} has no child`)
  return process.child
}

// ---- starting ----------------------------------------------------------------------------------------------------

const begin = (process: Process): Moved =>
  go(process, { state: 'STARTING', spec: process.nextSpec, exit: null, spawnerr: '' }, disarm, 'process.starting', {
    type: process.nextSpec.prepares === true ? 'prepare' : 'spawn',
  })

/** What its owner had to do before the start is done. */
export const spawn = (process: Process): Moved => ({ process, effects: [{ type: 'spawn' }] })

/** Somebody asked: all retries are there again. */
export const launch = (process: Process): Moved => begin({ ...process, retries: 0, ranWell: false })

/** A start that comes by itself: the retries stay counted. */
export const relaunch = (process: Process): Moved => begin({ ...process, restarts: process.restarts + 1 })

/** supervisord shows BACKOFF before FATAL. */
export const retryOrGiveUp = (process: Process): Moved =>
  process.retryAt === null ? go(process, { state: 'FATAL' }, 'process.fatal') : relaunch(process)

/** supervisord: startsecs=0 is RUNNING at once. */
export const watch: Cell<'spawned'> = (process, event) => {
  const { startsecs, ready } = process.spec
  const child = { pid: event.pid, since: event.at, progressed: false }
  const up = go(process, { child, startedAt: event.wall }, 'process.spawned')
  if (ready === 'told') return up
  return startsecs === 0
    ? then(up, confirm, event)
    : then(up, (p) => go(p, {}, arm('stayedUp', startsecs * 1000)), event)
}

/** The system could not start it: a failed start, to be tried again as long as there are retries. */
export const failSpawn: Cell<'spawnFailed'> = (process, event) =>
  fail(process, event, { startedAt: event.wall, spawnerr: event.reason }, 'process.spawn-failed')

/** With supervisord's back-off RUNNING proves the start; with ours only progress does, or a run as long as `max`. */
export const confirm = (process: Process, event: At): Moved => {
  const { backoff } = process.spec
  if (backoff.kind === 'linear') return go(process, { state: 'RUNNING', retries: 0 }, disarm, 'process.running')
  const rest = Math.max(0, backoff.max - (event.at - live(process).since))
  return go(process, { state: 'RUNNING' }, 'process.running', process.retries > 0 ? arm('stayedUp', rest) : disarm)
}

/** It came up after failed starts, and lasted. */
export const recover = (process: Process): Moved =>
  process.retries > 0 ? go(process, { retries: 0 }, disarm, 'process.recovered') : ignore(process)

/** Without a child it is said by the last one, too late. */
export const prove: Cell<'ready'> = (process, event) =>
  process.child === null ? ignore(process) : confirm(process, event)

/** The first answered record proves the start, whatever `startsecs` says, and gives all retries back. */
export const progress: Cell<'progressed'> = (process, event) => {
  const { child } = process
  // Without a child it is an answer of the last one, that comes late.
  if (child === null || child.progressed) return ignore(process)
  const worked = then(process.state === 'STARTING' ? confirm(process, event) : ignore(process), recover, event)
  return go(worked.process, { child: { ...child, progressed: true } }, ...worked.effects)
}

/** The answer was still in the pipe when the death was known: that run, if there was one, made progress after all. */
export const forgive: Cell<'progressed'> = (process, event) =>
  process.exit === null || process.retries === 0
    ? ignore(process)
    : go(process, { retries: 0, retryAt: event.at }, 'process.recovered', arm('retryDue', 0))

// ---- dying -------------------------------------------------------------------------------------------------------

const sweep = ({ spec, child }: Process): Effect[] =>
  spec.sweepgroup && child !== null ? [{ type: 'sweep', pid: child.pid }] : []

const ended = (event: EventOf<'exited'>, asExpected: boolean): Partial<Process> => ({
  child: null,
  stoppedAt: event.wall,
  exit: { ...event.status, expected: asExpected },
})

/** supervisord: an exit status of -1 stands for a death by signal. */
const badExit = (status: ExitStatus): string => `Bad exit code ${status.code ?? -1}`

const EXITED_TOO_QUICKLY = 'Exited too quickly (process log may have details)'

const fail = (process: Process, { at }: At, change: Partial<Process>, ...wishes: (Effect | FactName)[]): Moved => {
  const retries = process.retries + 1
  const after = exhausted(process.spec, retries) ? null : retryDelay(process.spec.backoff, retries)
  const retryAt = after === null ? null : at + after
  const failed = go(process, { ...change, state: 'BACKOFF', retries, retryAt, ranWell: false }, ...wishes)
  const told = tell('process.backoff', failed.process, process, { retryInMs: after })
  return { process: failed.process, effects: [...failed.effects, told, arm('retryDue', after ?? 0)] }
}

/** The child is dead: a failed start (BACKOFF), or an exit (EXITED) that may be followed by a start. */
export const die = (process: Process, event: EventOf<'exited'>): Moved => {
  const { spec } = process
  const next = verdict(process, live(process), event.status, event.at)
  const fine = expected(spec, event.status)
  if (next.state === 'BACKOFF') {
    const spawnerr = process.state === 'STARTING' || fine ? EXITED_TOO_QUICKLY : badExit(event.status)
    return fail(process, event, { ...ended(event, false), spawnerr }, ...sweep(process), 'process.exited')
  }
  const retryAt = next.restartIn === null ? null : event.at + next.restartIn
  const ranWell = fine && retryAt !== null && endsRuns(spec)
  return go(
    process,
    {
      ...ended(event, fine),
      state: 'EXITED',
      retries: 0,
      retryAt,
      ranWell,
      spawnerr: fine ? '' : badExit(event.status),
    },
    ...sweep(process),
    'process.exited',
    next.restartIn === null ? disarm : arm('retryDue', next.restartIn),
  )
}

/** Alive for startsecs sharp is neither too short nor "more than": supervisord passes through RUNNING. */
export const dieStarting: Cell<'exited'> = (process, event) => {
  const { startsecs, ready } = process.spec
  const late = ready !== 'told' && !tooQuickly(event.at - live(process).since, startsecs)
  return late ? then(confirm(process, event), die, event) : die(process, event)
}

// ---- stopping ----------------------------------------------------------------------------------------------------

function stopStep({ spec, child }: Process, index: number): Effect[] {
  const step = spec.stop[index]
  if (step === undefined || child === null) throw new Error(`invariant broken: ${namespec(spec)} cannot be stopped`)
  const { action } = step
  const group = action === 'SIGKILL' ? spec.killasgroup : spec.stopasgroup
  const last = index === spec.stop.length - 1
  return [
    action === 'eof' ? { type: 'closeStdin' } : { type: 'kill', pid: child.pid, signal: action, group },
    arm('stopOverdue', last ? Math.max(REPEAT_EVERY, step.wait) : step.wait),
  ]
}

/** Begins the steps of `spec.stop`; an armed deadline brings the next one. */
export const terminate = (process: Process): Moved =>
  go(process, { state: 'STOPPING', stopStep: 0, again: null }, 'process.stopping', ...stopStep(process, 0))

/** While it is prepared there is nothing to signal. */
export const callOff = (process: Process): Moved => {
  if (process.child !== null) return terminate(process)
  return go(process, { state: 'STOPPED', retries: 0 }, { type: 'callOff' }, 'process.stopped')
}

/** What is not even spawned is as good as new. */
export const renew: Cell<'restart'> = (process, event) => {
  if (process.child === null) return ignore(process)
  const change = { state: 'STOPPING', stopStep: 0, again: event.reason } as const
  return go(process, change, 'process.restarting', 'process.stopping', ...stopStep(process, 0))
}

/** It is stopped only to be started again, and now somebody wants it down for good. */
export const stayDown = (process: Process): Moved => go(process, { again: null })

/** A stop while one is under way: refused, unless that one would be followed by a start, which is called off. */
export const stopAgain = (process: Process): Step =>
  process.again === null ? { refused: 'NOT_RUNNING' } : stayDown(process)

/** It outlived a step of its stop: the next one, the last one again and again. */
export const insist = (process: Process): Moved => {
  const next = Math.min(process.stopStep + 1, process.spec.stop.length - 1)
  return go(process, { stopStep: next }, 'process.stop-overdue', ...stopStep(process, next))
}

/** The child is dead as was wished: STOPPED, or EXITED with the start that a restart asked for. */
export const stopped: Cell<'exited'> = (process, event) => {
  const end = { ...ended(event, expected(process.spec, event.status)), again: null, ranWell: false }
  if (process.again === null) {
    return go(process, { ...end, state: 'STOPPED', retries: 0 }, disarm, ...sweep(process), 'process.stopped')
  }
  const wait = restartDelay(process.spec.backoff, event.at - live(process).since)
  const change = { ...end, state: 'EXITED', retryAt: event.at + wait, spawnerr: process.again } as const
  return go(process, change, ...sweep(process), 'process.exited', arm('retryDue', wait))
}

/** No child to wait for. */
export const settle = (process: Process): Moved =>
  go(process, { state: 'STOPPED', retries: 0 }, disarm, 'process.stopped')

/** An exited process that would be started again is stopped by forgetting that start; any other is not running. */
export const settlePending = (process: Process): Step =>
  process.retryAt === null ? { refused: 'NOT_RUNNING' } : settle(process)

/** supervisord: ProcessGroupBase.stop_all, BACKOFF -> FATAL. */
export const abandon = (process: Process): Moved => go(process, { state: 'FATAL' }, disarm, 'process.abandoned')

/** It stays EXITED, and no start follows. */
export const forget = (process: Process): Moved => go(process, { ranWell: false }, disarm)

/** supervisord: Subprocess.kill, "unknown problem killing". */
export const lose: Cell<'killFailed'> = (process, event) => {
  const lost = go(process, { state: 'UNKNOWN', spawnerr: event.reason, again: null }, disarm)
  return {
    ...lost,
    effects: [...lost.effects, tell('process.unknown', lost.process, process, { reason: event.reason })],
  }
}

/** A signal did not get through, which changes nothing but is told. */
export const complain: Cell<'killFailed'> = (process, event) => ({
  process,
  effects: [tell('process.kill-failed', process, process, { reason: event.reason })],
})
