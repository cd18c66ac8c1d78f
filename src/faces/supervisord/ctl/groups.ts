// What the configuration says against what runs: avail, reread, update, add, remove.
import type { XmlRpcStruct } from '../../../wire/xmlrpc/values.ts'
import { makeNamespec } from '../namespec.ts'
import { asChanges, asNumber, asProcesses, asResults, asStructs, asText } from './answers.ts'
import { fault, RpcFault } from './faults.ts'
import { jsonOf } from './json.ts'
import { wordsOf } from './line.ts'
import { exit } from './result-texts.ts'
import type { Session } from './session.ts'
import { noArguments, pad } from './status.ts'

/** Asks; a fault that `texts` knows is said and gives null, any other failure is raised. */
async function ask<T>(
  session: Session,
  work: () => Promise<T>,
  texts: (fault: RpcFault) => string | null,
): Promise<T | null> {
  try {
    return await work()
  } catch (error) {
    session.exitStatus = exit.generic
    const text = error instanceof RpcFault ? texts(error) : null
    if (text === null) throw error
    session.say(text, { error: text })
    return null
  }
}

/** Lists every process of the configuration, in force or not. supervisord: supervisorctl.do_avail. */
export async function avail(session: Session, argument: string): Promise<void> {
  if (argument !== '') {
    noArguments(session, 'avail')
    return
  }
  const answer = await ask(session, () => session.call('getAllConfigInfo'), shuttingDown)
  if (answer === null) return
  for (const config of asStructs(answer, 'getAllConfigInfo')) session.say(availLine(config), jsonOf(config))
}

const shuttingDown = ({ code }: RpcFault): string | null =>
  code === fault.SHUTDOWN_STATE ? 'ERROR: supervisor shutting down' : null

function availLine(config: XmlRpcStruct): string {
  const text = (key: string): string => asText(config[key], `${key} in getAllConfigInfo`)
  const number = (key: string): number => asNumber(config[key], `${key} in getAllConfigInfo`)
  const name = makeNamespec(text('group'), text('name'))
  const inuse = truth(config['inuse']) ? 'in use' : 'avail'
  const autostart = truth(config['autostart']) ? 'auto' : 'manual'
  return `${pad(name, 32)} ${pad(inuse, 9)} ${pad(autostart, 9)} ${number('group_prio')}:${number('process_prio')}`
}

/** Servers of other makes send numbers for booleans. */
const truth = (value: unknown): boolean => value === true || (typeof value === 'number' && value !== 0)

/** Has the configuration read again, and tells what differs. supervisord: supervisorctl.do_reread. */
export async function reread(session: Session, argument: string): Promise<void> {
  if (argument !== '') {
    noArguments(session, 'reread')
    return
  }
  const answer = await ask(
    session,
    () => session.call('reloadConfig'),
    (problem) => {
      return problem.code === fault.CANT_REREAD ? `ERROR: ${problem.text}` : shuttingDown(problem)
    },
  )
  if (answer === null) return
  const { added, changed, removed } = asChanges(answer)
  const words = new Map([
    ...added.map((name) => [name, 'available'] as const),
    ...changed.map((name) => [name, 'changed'] as const),
    ...removed.map((name) => [name, 'disappeared'] as const),
  ])
  if (words.size === 0) session.say('No config updates to processes')
  for (const [name, change] of [...words].sort(([a], [b]) => (a < b ? -1 : 1))) {
    session.say(`${name}: ${change}`, { group: name, change })
  }
}

/** Has it read again, and puts what differs into force. supervisord: supervisorctl.do_update. */
export async function update(session: Session, argument: string): Promise<void> {
  const answer = await ask(
    session,
    () => session.call('reloadConfig'),
    ({ code }) => {
      return code === fault.SHUTDOWN_STATE ? 'ERROR: already shutting down' : null
    },
  )
  if (answer === null) return
  const { added, changed, removed } = asChanges(answer)
  const named = new Set(wordsOf(argument))
  if (named.has('all')) named.clear()
  if (named.size > 0) {
    const known = new Set(asProcesses(await session.call('getAllProcessInfo')).map(({ group }) => group))
    for (const name of named) {
      if (known.has(name) || added.includes(name)) continue
      session.fail(`ERROR: no such group: ${name}`, exit.generic, { group: name, error: 'no such group' })
    }
  }
  // Of a group that only gets more or fewer processes these alone are told, as `group:process`.
  const wanted = (name: string): boolean =>
    named.size === 0 || named.has(name) || named.has(name.split(':', 1)[0] ?? '')
  const log = (group: string, deed: string): void => session.say(`${group}: ${deed}`, { group, deed })
  for (const group of removed.filter(wanted)) {
    const results = asResults(await session.call('stopProcessGroup', group), 'stopProcessGroup')
    log(group, 'stopped')
    if (results.some(({ status }) => status === fault.FAILED)) {
      const problem = 'has problems; not removing'
      session.fail(`${group}: ${problem}`, exit.generic, { group, error: problem })
      continue
    }
    await session.call('removeProcessGroup', group)
    log(group, 'removed process group')
  }
  for (const group of changed.filter(wanted)) {
    await session.call('stopProcessGroup', group)
    log(group, 'stopped')
    await session.call('removeProcessGroup', group)
    await session.call('addProcessGroup', group)
    log(group, 'updated process group')
  }
  for (const group of added.filter(wanted)) {
    await session.call('addProcessGroup', group)
    log(group, 'added process group')
  }
}

/** Puts single groups into force. supervisord: supervisorctl.do_add. */
export async function add(session: Session, argument: string): Promise<void> {
  for (const name of wordsOf(argument)) {
    const before = session.exitStatus
    const answer = await ask(
      session,
      () => session.call('addProcessGroup', name),
      ({ code }) => {
        if (code === fault.SHUTDOWN_STATE) return 'ERROR: shutting down'
        if (code === fault.ALREADY_ADDED) {
          // What was wished for is so: no failure.
          session.exitStatus = before
          return 'ERROR: process group already active'
        }
        return code === fault.BAD_NAME ? `ERROR: no such process/group: ${name}` : null
      },
    )
    if (answer !== null) session.say(`${name}: added process group`, { group: name, deed: 'added process group' })
  }
}

/** Takes single groups out of force. supervisord: supervisorctl.do_remove. */
export async function remove(session: Session, argument: string): Promise<void> {
  for (const name of wordsOf(argument)) {
    const answer = await ask(
      session,
      () => session.call('removeProcessGroup', name),
      ({ code }) => {
        if (code === fault.STILL_RUNNING) return `ERROR: process/group still running: ${name}`
        return code === fault.BAD_NAME ? `ERROR: no such process/group: ${name}` : null
      },
    )
    if (answer !== null) session.say(`${name}: removed process group`, { group: name, deed: 'removed process group' })
  }
}
