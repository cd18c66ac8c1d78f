import { processStateCode, stoppedStates } from '../daemon.ts'
import { makeNamespec, splitNamespec } from '../namespec.ts'
import { asNumber, asProcess, asProcesses, asText, type ProcessInfo } from './answers.ts'
import { fault, isFault } from './faults.ts'
import { helpOn } from './help.ts'
import { jsonOf } from './json.ts'
import { wordsOf } from './line.ts'
import { meant, meantAmong } from './patterns.ts'
import { exit, statusExit } from './result-texts.ts'
import type { Session } from './session.ts'

const stoppedCodes: readonly number[] = stoppedStates.map((state) => processStateCode[state])

/** RUNNING, and nothing else. */
export const isRunning = ({ state }: ProcessInfo): boolean => state === processStateCode.RUNNING

/** One line for each process; the exit code says whether all of them are up. supervisord: supervisorctl.do_status. */
export async function status(session: Session, argument: string): Promise<void> {
  if (!(await session.isUp())) {
    session.exitStatus = statusExit.unknown
    return
  }
  const all = asProcesses(await session.call('getAllProcessInfo'))
  const names = wordsOf(argument)
  const shown = names.length === 0 || names.includes('all') ? all : names.flatMap((name) => named(session, name, all))
  show(session, shown)
  if (shown.some(({ state }) => stoppedCodes.includes(state))) session.exitStatus = statusExit.notRunning
}

/** What a name means; that it means nothing is told. */
function named(session: Session, name: string, all: readonly ProcessInfo[]): readonly ProcessInfo[] {
  const found = meantAmong(name, all)
  if (found.length > 0) return found
  const { group, process } = splitNamespec(name)
  const [subject, problem] = process === null ? [group, 'no such group'] : [name, 'no such process']
  session.fail(`${subject}: ERROR (${problem})`, statusExit.unknown, { name: subject, error: problem })
  return []
}

function show(session: Session, processes: readonly ProcessInfo[]): void {
  const namespecs = processes.map(({ group, name }) => makeNamespec(group, name))
  const width = Math.max(30, ...namespecs.map(lengthOf)) + 3
  for (const [index, info] of processes.entries()) {
    const name = namespecs[index] ?? ''
    session.say(`${pad(name, width)}${pad(info.statename, 10)}${info.description}`, jsonOf(info.all))
  }
}

/** In characters, as Python counts. */
const lengthOf = (text: string): number => Array.from(text).length

/** Filled up with blanks to so many characters. */
export const pad = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - lengthOf(text)))

/** The pid of the daemon, of all processes, or of those that are named. supervisord: supervisorctl.do_pid. */
export async function pid(session: Session, argument: string): Promise<void> {
  if (!(await session.isUp())) return
  const names = wordsOf(argument)
  if (names.length === 0) {
    say(session, 'supervisord', asNumber(await session.call('getPID'), 'getPID'))
    return
  }
  if (names.includes('all')) {
    for (const { group, name, all } of asProcesses(await session.call('getAllProcessInfo'))) {
      say(session, makeNamespec(group, name), asNumber(all['pid'], 'pid in getAllProcessInfo'))
    }
    return
  }
  for (const word of names) for (const name of await meant(session, word)) await pidOf(session, name)
}

async function pidOf(session: Session, name: string): Promise<void> {
  try {
    const { all } = asProcess(await session.call('getProcessInfo', name), 'getProcessInfo')
    const pid = asNumber(all['pid'], 'pid in getProcessInfo')
    say(session, name, pid)
    if (pid === 0) session.exitStatus = exit.notRunning
  } catch (error) {
    session.exitStatus = exit.generic
    if (!isFault(error, fault.BAD_NAME)) throw error
    session.fail(`No such process ${name}`, exit.generic, { name, error: 'no such process' })
  }
}

const say = (session: Session, name: string, pid: number): void => session.say(String(pid), { name, pid })

/** Shows the status of another server from now on; its exit code says nothing about that. */
export async function open(session: Session, argument: string): Promise<void> {
  if (!/^(http|unix):/i.test(argument)) {
    session.fail('ERROR: url must be http:// or unix://', exit.generic)
    return
  }
  session.target = { ...session.target, serverurl: argument }
  const before = session.exitStatus
  await status(session, '')
  session.exitStatus = before
}

/** The release of supervisord that the daemon behaves as. supervisord: supervisorctl.do_version. */
export async function version(session: Session, argument: string): Promise<void> {
  if (argument !== '') {
    noArguments(session, 'version')
    return
  }
  if (!(await session.isUp())) return
  const version = asText(await session.call('getSupervisorVersion'), 'getSupervisorVersion')
  session.say(version, { version })
}

/** Fails an action that got some, with its help. */
export function noArguments(session: Session, action: 'version' | 'avail' | 'reread' | 'shutdown' | 'reload'): void {
  session.fail(`Error: ${action} accepts no arguments`, exit.generic)
  session.say(helpOn(action))
}
