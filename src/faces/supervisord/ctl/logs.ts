// tail and maintail: the end of a log, or a log that is followed.
import { repr } from '../../../wire/ini/python-text.ts'
import { integer } from '../config/values.ts'
import { AgentError } from '../../../domain/errors.ts'
import { asText } from './answers.ts'
import { fault, HttpRefusal, pythonWords, RpcFault } from './faults.ts'
import { helpOn } from './help.ts'
import { wordsOf } from './line.ts'
import { exit } from './result-texts.ts'
import type { Session } from './session.ts'

const BYTES = 1600

/** The end of the log of a process, or the log as it grows. supervisord: supervisorctl.do_tail. */
export async function tail(session: Session, argument: string): Promise<void> {
  if (!(await session.isUp())) return
  const words = wordsOf(argument)
  if (words.length < 1 || words.length > 3) {
    session.fail(`Error: too ${words.length < 1 ? 'few' : 'many'} arguments`, exit.generic)
    session.say(helpOn('tail'))
    return
  }
  const modifier = words[0]?.startsWith('-') ? words.shift() : undefined
  const [name] = words
  if (name === undefined) {
    session.fail('Error: tail requires process name', exit.generic)
    return
  }
  const channel = words.length === 1 ? 'stdout' : (words.at(-1) ?? '').toLowerCase()
  if (channel !== 'stdout' && channel !== 'stderr') {
    session.fail(`Error: bad channel ${repr(channel)}`, exit.generic)
    return
  }
  const amount = modifier === undefined ? BYTES : amountOf(modifier)
  if (amount === null) {
    session.fail(`Error: bad argument ${modifier ?? ''}`, exit.generic)
    return
  }
  if (amount === 'follow') return followLog(session, `/logtail/${name}/${channel}`)
  const method = channel === 'stdout' ? 'readProcessStdoutLog' : 'readProcessStderrLog'
  await show(session, name, () => session.call(method, name, 0 - amount, 0))
}

/** The same of the main log. supervisord: supervisorctl.do_maintail. */
export async function maintail(session: Session, argument: string): Promise<void> {
  if (!(await session.isUp())) return
  const words = wordsOf(argument)
  if (words.length > 1) {
    session.fail('Error: too many arguments', exit.generic)
    session.say(helpOn('maintail'))
    return
  }
  const [word] = words
  const amount = word === undefined ? BYTES : word.startsWith('-') ? amountOf(word) : null
  if (amount === null) {
    session.fail(`Error: bad argument ${word ?? ''}`, exit.generic)
    return
  }
  if (amount === 'follow') return followLog(session, '/mainlogtail')
  await show(session, 'supervisord', () => session.call('readLog', 0 - amount, 0))
}

/** `-f`, or `-N` in bytes; null: neither. */
function amountOf(modifier: string): number | 'follow' | null {
  const what = modifier.slice(1)
  if (what === 'f') return 'follow'
  try {
    return integer(what)
  } catch (error) {
    if (error instanceof AgentError) return null
    throw error
  }
}

async function show(session: Session, name: string, read: () => Promise<unknown>): Promise<void> {
  try {
    const text = asText((await read()) as string, 'the log')
    session.say(text, { name, text })
  } catch (error) {
    session.exitStatus = exit.generic
    const problem = error instanceof RpcFault ? problems[error.code] : undefined
    // The main log has no name that could be wrong.
    if (problem === undefined) throw error
    session.fail(`${name}: ERROR (${problem})`, exit.generic, { name, error: problem })
  }
}

const problems: Readonly<Record<number, string>> = {
  [fault.NO_FILE]: 'no log file',
  [fault.FAILED]: 'unknown error reading log',
  [fault.BAD_NAME]: 'no such process name',
}

/** Until Ctrl-C, or until the server ends it. A failure is told on stderr and leaves the exit code alone. */
async function followLog(session: Session, path: string): Promise<void> {
  const { terminal } = session
  const stopped = new AbortController()
  const unhook = terminal.onInterrupt(() => stopped.abort())
  terminal.write('==> Press Ctrl-C to exit <==\n')
  await follow(session, path, stopped.signal)
  unhook()
  if (stopped.signal.aborted) terminal.write('\n')
}

/** The bytes of a log to the terminal; a failure is told on stderr (supervisord: http_client.Listener.error). */
export async function follow(session: Session, path: string, signal: AbortSignal): Promise<void> {
  try {
    await session.server().follow(path, (bytes) => session.terminal.write(bytes), signal)
  } catch (error) {
    if (signal.aborted) return
    const problem =
      error instanceof HttpRefusal ? `read, status code ${error.status}` : `connect, error: ${classAndText(error)}`
    session.terminal.writeError(`${session.target.serverurl}${path} Cannot ${problem}\n`)
  }
}

/** `<class 'X'> (text)`. */
const classAndText = (error: unknown): string => pythonWords(error).replace(/^(<class '[^']*'>), (.*)$/s, '$1 ($2)')
