// fg: what a process writes comes to the terminal, lines that are typed go to its stdin.
import { asProcess } from './answers.ts'
import { fault, isFault, pythonWords, RpcFault } from './faults.ts'
import { helpOn } from './help.ts'
import { wordsOf } from './line.ts'
import { follow } from './logs.ts'
import { exit } from './result-texts.ts'
import type { Session } from './session.ts'
import { isRunning } from './status.ts'

/** Until Ctrl-C, or until the process ends. supervisord: supervisorctl.do_fg. */
export async function fg(session: Session, argument: string): Promise<void> {
  if (!(await session.isUp())) return
  const [name, ...more] = wordsOf(argument)
  if (name === undefined) {
    session.fail('ERROR: no process name supplied', exit.generic)
    session.say(helpOn('fg'))
    return
  }
  if (more.length > 0) {
    session.fail('ERROR: too many process names supplied', exit.generic)
    return
  }
  try {
    if (!(await runs(session, name))) {
      session.fail('ERROR: process not running', exit.generic)
      return
    }
  } catch (error) {
    if (!(error instanceof RpcFault)) throw error
    if (isFault(error, fault.BAD_NAME)) {
      session.fail('ERROR: bad process name supplied', exit.generic)
      return
    }
    session.say(faultLine(error))
    return
  }
  await inForeground(session, name)
}

async function inForeground(session: Session, name: string): Promise<void> {
  const { terminal } = session
  terminal.write('==> Press Ctrl-C to exit <==\n')
  const over = new AbortController()
  const interrupted = new Promise<null>((resolve) => over.signal.addEventListener('abort', () => resolve(null)))
  const unhook = terminal.onInterrupt(() => over.abort())
  const logs = ['stdout', 'stderr'].map((channel) => follow(session, `/logtail/${name}/${channel}`, over.signal))
  try {
    for (;;) {
      const line = await Promise.race([terminal.ask(''), interrupted])
      if (line === null) break
      const problem = await sendLine(session, name, line)
      if (problem === null) continue
      session.say(problem)
      break
    }
    session.say('Exiting foreground')
  } finally {
    over.abort()
    unhook()
    await Promise.all(logs)
  }
}

/** Null: it went well; else what ends the foreground. */
async function sendLine(session: Session, name: string, line: string): Promise<string | null> {
  try {
    await session.call('sendProcessStdin', name, `${line}\n`)
  } catch (error) {
    if (!(error instanceof RpcFault)) throw error
    return isFault(error, fault.NOT_RUNNING) ? 'Process got killed' : faultLine(error)
  }
  return (await runs(session, name)) ? null : 'Process got killed'
}

const runs = async (session: Session, name: string): Promise<boolean> =>
  isRunning(asProcess(await session.call('getProcessInfo', name), 'getProcessInfo'))

const faultLine = (error: RpcFault): string => `ERROR: ${pythonWords(error).replace(/^<class '[^']*'>, /, '')}`
