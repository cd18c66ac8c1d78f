// `rolling-restart`, a command of ours: one process after the other, each RUNNING (and healthy, where that is checked)
// before the next is stopped; the first failure ends it. It needs nothing of the server that supervisord has not.
import { makeNamespec, splitNamespec } from '../namespec.ts'
import { asProcesses, type ProcessInfo } from './answers.ts'
import { fault, isFault, RpcFault } from './faults.ts'
import { helpOn } from './help.ts'
import { wordsOf } from './line.ts'
import { meantAmong } from './patterns.ts'
import { exit, resultExit, resultLine, type Result } from './result-texts.ts'
import type { Session } from './session.ts'

type Target = Pick<ProcessInfo, 'group' | 'name'>

/** Restarts what the words mean, one after the other; a word that means nothing ends it before it begins. */
export async function rollingRestart(session: Session, argument: string): Promise<void> {
  if (!(await session.isUp())) return
  const words = wordsOf(argument)
  if (words.length === 0) {
    session.fail('Error: rolling-restart requires a process name', exit.generic)
    session.say(helpOn('rolling-restart'))
    return
  }
  const targets = targetsOf(session, words, asProcesses(await session.call('getAllProcessInfo')))
  if (targets === null) return
  for (const [index, target] of targets.entries()) {
    if (await isRestarted(session, target)) continue
    for (const { group, name } of targets.slice(index + 1)) {
      session.say(`${makeNamespec(group, name)}: not restarted`, { group, name, deed: 'restarted', ok: false })
    }
    return
  }
}

/** Null: a name means nothing, which has been told; then nothing is restarted at all. */
function targetsOf(session: Session, words: readonly string[], all: readonly ProcessInfo[]): readonly Target[] | null {
  const found = new Set<Target>()
  for (const word of words) {
    const meant = word === 'all' ? all : meantAmong(word, all)
    for (const target of meant) found.add(target)
    if (meant.length > 0) continue
    const problem = splitNamespec(word).process === null ? 'no such group' : 'no such process'
    session.fail(`${word}: ERROR (${problem})`, exit.generic, { name: word, error: problem })
    return null
  }
  return [...found]
}

async function isRestarted(session: Session, { group, name }: Target): Promise<boolean> {
  const namespec = makeNamespec(group, name)
  const tell = (line: string, status: number, description: string): void =>
    session.say(line, { group, name, status, description, deed: 'restarted', ok: status === fault.SUCCESS })
  const failed = (deed: 'started' | 'stopped', error: RpcFault): false => {
    const result: Result = { group, name, status: error.code, description: error.text }
    session.exitStatus = resultExit(deed, error.code) ?? exit.generic
    tell(resultLine(deed, result), error.code, error.text)
    return false
  }
  try {
    await session.call('stopProcess', namespec)
  } catch (error) {
    if (!(error instanceof RpcFault)) throw error
    // What is down is started, as by `restart`.
    if (!isFault(error, fault.NOT_RUNNING)) return failed('stopped', error)
  }
  try {
    await session.call('startProcess', namespec)
  } catch (error) {
    if (error instanceof RpcFault) return failed('started', error)
    throw error
  }
  tell(`${namespec}: restarted`, fault.SUCCESS, 'OK')
  return true
}
