// start, stop, restart, signal, clear: a deed on processes, groups or all, and one line for each process.
import type { XmlRpcValue } from '../../../wire/xmlrpc/values.ts'
import { splitNamespec } from '../namespec.ts'
import { asProcesses, asResults } from './answers.ts'
import { fault, isFault, RpcFault } from './faults.ts'
import { helpOn, type Topic } from './help.ts'
import { wordsOf } from './line.ts'
import { meant } from './patterns.ts'
import { exit, resultExit, resultLine, type Deed, type Result } from './result-texts.ts'
import type { Session } from './session.ts'

interface Methods {
  readonly deed: Deed
  readonly one: string
  /** Null: there is none, each process of the group is asked for by name. */
  readonly group: string | null
  readonly all: string
  /** The exit code for a group that is not there. */
  readonly noGroup: number
}

const starting: Methods = {
  deed: 'started',
  one: 'startProcess',
  group: 'startProcessGroup',
  all: 'startAllProcesses',
  noGroup: exit.invalidArguments,
}
const stopping: Methods = {
  deed: 'stopped',
  one: 'stopProcess',
  group: 'stopProcessGroup',
  all: 'stopAllProcesses',
  noGroup: exit.generic,
}
const signalling: Methods = {
  deed: 'signalled',
  one: 'signalProcess',
  group: 'signalProcessGroup',
  all: 'signalAllProcesses',
  noGroup: exit.generic,
}
const clearing: Methods = {
  deed: 'cleared',
  one: 'clearProcessLogs',
  group: null,
  all: 'clearAllProcessLogs',
  noGroup: exit.generic,
}

/** supervisord: supervisorctl.do_start. */
export const start = (session: Session, argument: string): Promise<void> =>
  onNames(session, 'start', exit.invalidArguments, starting, wordsOf(argument))

/** supervisord: supervisorctl.do_stop. */
export const stop = (session: Session, argument: string): Promise<void> =>
  onNames(session, 'stop', exit.generic, stopping, wordsOf(argument))

/** Empties logs. supervisord: supervisorctl.do_clear. */
export const clear = (session: Session, argument: string): Promise<void> =>
  onNames(session, 'clear', exit.generic, clearing, wordsOf(argument))

/** Stops, then starts. supervisord: supervisorctl.do_restart. */
export async function restart(session: Session, argument: string): Promise<void> {
  if (!(await session.isUp())) return
  if (wordsOf(argument).length === 0) {
    needsName(session, 'restart', exit.generic)
    return
  }
  await stop(session, argument)
  await start(session, argument)
}

/** The first word is the signal. supervisord: supervisorctl.do_signal. */
export async function signal(session: Session, argument: string): Promise<void> {
  if (!(await session.isUp())) return
  const [name = '', ...names] = wordsOf(argument)
  if (names.length > 0) return perform(session, signalling, names, [name])
  session.fail('Error: signal requires a signal name and a process name', exit.generic)
  session.say(helpOn('signal'))
}

async function onNames(
  session: Session,
  topic: Topic,
  noNames: number,
  methods: Methods,
  names: readonly string[],
): Promise<void> {
  if (!(await session.isUp())) return
  if (names.length === 0) {
    needsName(session, topic, noNames)
    return
  }
  await perform(session, methods, names, [])
}

function needsName(session: Session, topic: Topic, code: number): void {
  session.fail(`Error: ${topic} requires a process name`, code)
  session.say(helpOn(topic))
}

async function perform(
  session: Session,
  methods: Methods,
  names: readonly string[],
  more: readonly XmlRpcValue[],
): Promise<void> {
  if (names.includes('all')) {
    tell(session, methods, asResults(await session.call(methods.all, ...more), methods.all))
    return
  }
  for (const name of names) {
    // Those that one pattern means are not made to wait for each other.
    const asked = (await meant(session, name)).map((namespec) => perhaps(onOne(session, methods, namespec, more)))
    for (const outcome of await Promise.all(asked)) {
      if ('error' in outcome) throw outcome.error
      tell(session, methods, outcome.value)
    }
  }
}

/** A failure as a value: with many under way, none may be raised unheard. */
const perhaps = <T>(work: Promise<T>): Promise<{ value: T } | { error: unknown }> =>
  work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )

async function onOne(
  session: Session,
  methods: Methods,
  namespec: string,
  more: readonly XmlRpcValue[],
): Promise<Result[]> {
  const { group, process: name } = splitNamespec(namespec)
  if (name === null) return onGroup(session, methods, group, more)
  try {
    await session.call(methods.one, namespec, ...more)
    return [{ group, name, status: fault.SUCCESS, description: 'OK' }]
  } catch (error) {
    if (!(error instanceof RpcFault)) throw error
    return [{ group, name, status: error.code, description: error.text }]
  }
}

async function onGroup(
  session: Session,
  methods: Methods,
  group: string,
  more: readonly XmlRpcValue[],
): Promise<Result[]> {
  if (methods.group === null) {
    const all = asProcesses(await session.call('getAllProcessInfo')).filter((info) => info.group === group)
    if (all.length > 0) {
      return (await Promise.all(all.map(({ name }) => onOne(session, methods, `${group}:${name}`, more)))).flat()
    }
  } else {
    try {
      return asResults(await session.call(methods.group, group, ...more), methods.group)
    } catch (error) {
      if (!isFault(error, fault.BAD_NAME)) throw error
    }
  }
  session.fail(`${group}: ERROR (no such group)`, methods.noGroup, { group, error: 'no such group' })
  return []
}

function tell(session: Session, { deed }: Methods, results: readonly Result[]): void {
  for (const result of results) {
    const line = resultLine(deed, result)
    const ok = result.status === fault.SUCCESS
    const value = { group: result.group, name: result.name, status: result.status, description: result.description }
    session.say(line, { ...value, deed, ok })
    session.exitStatus = resultExit(deed, result.status) ?? session.exitStatus
  }
}
