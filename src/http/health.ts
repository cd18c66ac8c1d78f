// Whether the agent can do its job, as facts with ages. Pure: everything is read off one snapshot.
import { nameOf } from '../domain/stream/line-batch.ts'
import { namespec } from '../domain/process/spec.ts'
import { isUp } from '../domain/process/state.ts'
import type { Millis } from '../domain/time.ts'
import { STDIN_CLOSED } from '../engine/stream/closed-pipes.ts'
import type { ProcessSnapshot, Snapshot, StreamSnapshot } from '../engine/snapshot.ts'

/** Assigned, idle and nothing heard from the broker for longer: not ready. A fetch that finds nothing returns within seconds. */
const FETCH_AGE: Millis = 60_000

/** One thing that is looked at. `warn` is for a person to know, and costs no readiness. */
export interface Component {
  readonly name: string
  readonly status: 'pass' | 'warn' | 'fail'
  readonly reason: string
}

export interface Readiness {
  readonly ready: boolean
  readonly reasons: readonly string[]
}

/** Ready when no component fails; a member of the consumer group without partitions is ready. */
export function readiness(snapshot: Snapshot): Readiness {
  const failing = components(snapshot).filter(({ status }) => status === 'fail')
  return { ready: failing.length === 0, reasons: failing.map(({ name, reason }) => `${name}: ${reason}`) }
}

/** Every component of the agent, each with its worst finding. */
export function components(snapshot: Snapshot): Component[] {
  return [
    agent(snapshot),
    consul(snapshot),
    document(snapshot),
    ...snapshot.streams.flatMap((stream) => [input(stream), output(stream), calculator(stream, snapshot.processes)]),
  ].filter((component) => component !== null)
}

const pass = (name: string): Component => ({ name, status: 'pass', reason: '' })
const warn = (name: string, reason: string): Component => ({ name, status: 'warn', reason })
const fail = (name: string, reason: string): Component => ({ name, status: 'fail', reason })

function agent({ agent: { state, reason } }: Snapshot): Component {
  const text = reason === '' ? state : reason.startsWith(state) ? reason : `${state}, ${reason}`
  switch (state) {
    case 'running':
      return pass('agent')
    // What makes it degraded costs readiness only where it stops the records, and then a stream says so.
    case 'adopting':
    case 'degraded':
      return warn('agent', text)
    case 'starting':
    case 'waiting':
    case 'draining':
    case 'stopped':
      return fail('agent', text)
  }
}

function consul({ agent: { consul: state } }: Snapshot): Component | null {
  if (state === 'off') return null
  return state === 'registered' ? pass('consul') : warn('consul', 'unreachable, the last run document stays in force')
}

function document({ document: { key, state, problem } }: Snapshot): Component | null {
  if (key === null || state === 'none') return null
  if (state === 'in-force') return pass('run document')
  return warn('run document', [`${key} ${state.replace('-', ' ')}`, problem].filter(Boolean).join(': '))
}

function input({ namespec: name, input: facts, ...stream }: StreamSnapshot): Component {
  const component = `input of ${name}`
  const { joined, assigned, error, lastFetchAgeMs } = facts
  if (error !== null) return fail(component, error)
  if (!joined) return fail(component, 'not joined to the consumer group')
  if (stream.stuck.length > 0) {
    return fail(component, `no progress on ${stream.stuck.map(nameOf).join(', ')}`)
  }
  // While records wait for the Calculator nothing is fetched, and that is as it should be.
  const idle = stream.phase === 'feeding' && stream.inFlight === 0 && stream.bufferedBytes === 0
  if (idle && assigned.length > 0 && lastFetchAgeMs !== null && lastFetchAgeMs > FETCH_AGE) {
    return fail(component, `nothing fetched for ${seconds(lastFetchAgeMs)}`)
  }
  return pass(component)
}

function output({ namespec: name, output: { error }, blockBuffered }: StreamSnapshot): Component {
  const component = `output of ${name}`
  if (error !== null) return fail(component, error)
  if (blockBuffered) return warn(component, 'the Calculator keeps back part of a line: it has to flush its stdout')
  return pass(component)
}

function calculator({ namespec: name, stdinClosed }: StreamSnapshot, processes: readonly ProcessSnapshot[]): Component {
  const process = processes.find((candidate) => namespec(candidate) === name)
  if (process === undefined) return fail(name, 'not started')
  if (process.crashLoop) return fail(name, `crash loop, ${process.retries} failed starts in a row${lastWords(process)}`)
  if (isUp(process)) return stdinClosed ? fail(name, STDIN_CLOSED) : pass(name)
  return fail(name, process.state + (process.spawnerr === '' ? lastWords(process) : `, ${process.spawnerr}`))
}

function lastWords({ state, exit }: ProcessSnapshot): string {
  if (exit === null || state === 'STARTING') return ''
  return `, ${exit.signal === null ? `exit code ${exit.code ?? 'unknown'}` : `ended by ${exit.signal}`}`
}

const seconds = (ms: Millis): string => `${Math.round(ms / 1000)} s`
