// What the machine tells the world, in words and fields. Names and fields are an interface: add, do not rename.
import type { DomainEvent, Fields, Level } from '../events.ts'
import type { EventName } from '../log-events.ts'
import { namespec } from './spec.ts'
import { crashLoop, type ExitStatus, type Process } from './state.ts'

interface Fact {
  readonly level: Level | ((after: Process) => Level)
  /** What comes after the name of the process. */
  readonly message: string | ((after: Process, before: Process) => string)
  readonly fields: (after: Process, before: Process) => Fields
}

const none = (): Fields => ({})
const pid = (after: Process, before: Process): Fields => ({ pid: (after.child ?? before.child)?.pid ?? null })
const tries = ({ retries }: Process): Fields => ({ retries })
const trouble = (after: Process): Fields => ({ retries: after.retries, reason: after.spawnerr })
const ending = (after: Process, before: Process): Fields => ({
  ...pid(after, before),
  exitCode: after.exit?.code ?? null,
  signal: after.exit?.signal ?? null,
  expected: after.exit?.expected ?? null,
})
const nextStop = ({ spec, stopStep }: Process): string => spec.stop[stopStep]?.action ?? ''

const endText = (status: ExitStatus | null): string =>
  status?.signal == null ? `exit status ${status?.code ?? 'unknown'}` : `terminated by ${status.signal}`
const exitText = ({ exit }: Process): string => endText(exit)

// prettier-ignore
const facts = {
  'process.starting':     { level: 'debug', message: 'is starting',            fields: tries },
  'process.spawned':      { level: 'info',  message: 'was spawned',            fields: pid },
  'process.spawn-failed': { level: 'warn',  message: (p) => `cannot be spawned: ${p.spawnerr}`, fields: trouble },
  'process.running':      { level: 'info',  message: 'is running',             fields: pid },
  'process.recovered':    { level: 'info',  message: 'works again: the failed starts before are forgotten', fields: pid },
  'process.exited':       { level: (p) => (p.exit?.expected === true ? 'info' : 'warn'),
                            message: (p) => `exited (${exitText(p)}; ${p.exit?.expected === true ? '' : 'not '}expected)`, fields: ending },
  'process.backoff':      { level: 'warn',  message: (p, before) => `${before.state === 'RUNNING' ? 'ended before it did any work' : 'failed to start'}: ${p.spawnerr}`,
                            fields: (p) => ({ ...trouble(p), crashLoop: crashLoop(p) }) },
  'process.fatal':        { level: 'error', message: (p) => `is given up after ${p.retries} failed starts: ${p.spawnerr}`, fields: trouble },
  'process.abandoned':    { level: 'info',  message: 'is not started again, the agent stops', fields: trouble },
  'process.restarting':   { level: 'warn',  message: (p) => `is restarted: ${p.again ?? ''}`,
                            fields: (p, before) => ({ ...pid(p, before), reason: p.again }) },
  'process.stopping':     { level: 'info',  message: 'is stopping',            fields: pid },
  'process.stop-overdue': { level: 'warn',  message: (p) => `did not stop in time, next is ${nextStop(p)}`,
                            fields: (p, before) => ({ ...pid(p, before), action: nextStop(p) }) },
  'process.stopped':      { level: 'info',  message: (p, before) => (before.child === null ? 'stopped' : `stopped (${exitText(p)})`), fields: ending },
  'process.kill-failed':  { level: 'error', message: 'cannot be signalled', fields: pid },
  'process.unknown':      { level: 'error', message: 'is out of control', fields: none },
} satisfies Partial<Record<EventName, Fact>>

export type FactName = keyof typeof facts

/** `extra` are fields that are no part of the process, such as the reason of a system error. */
export function describe(name: FactName, after: Process, before: Process, extra: Fields = {}): DomainEvent {
  const fact: Fact = facts[name]
  const process = namespec(after.spec)
  return {
    event: name,
    level: typeof fact.level === 'string' ? fact.level : fact.level(after),
    message: `${process} ${typeof fact.message === 'string' ? fact.message : fact.message(after, before)}`,
    fields: {
      process,
      state: after.state,
      from: before.state,
      ...fact.fields(after, before),
      ...extra,
    },
  }
}

/** The end of a child that outlived its process: by now the name may be another's. */
export const describeOutlived = ({ spec }: Process, pid: number, status: ExitStatus): DomainEvent => ({
  event: 'os.child-ended',
  level: 'info',
  message: `what nobody could signal, and is removed, has ended (${endText(status)})`,
  fields: { program: namespec(spec), pid, exitCode: status.code, signal: status.signal },
})
