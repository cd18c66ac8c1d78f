// From one line to one deed; whatever goes wrong on the way is told, as the real one words it.
import { shutdown, reload } from './daemon-deeds.ts'
import { HttpRefusal, pythonWords } from './faults.ts'
import { fg } from './foreground.ts'
import { add, avail, remove, reread, update } from './groups.ts'
import { helpOn, isTopic, overview, type Topic } from './help.ts'
import { parseLine, type Line } from './line.ts'
import { maintail, tail } from './logs.ts'
import { clear, restart, signal, start, stop } from './process-deeds.ts'
import { rollingRestart } from './rolling-restart.ts'
import { exit } from './result-texts.ts'
import type { Session } from './session.ts'
import { open, pid, status, version } from './status.ts'
import { Interrupted } from './terminal.ts'

type Command = (session: Session, argument: string) => void | Promise<void>

const help: Command = (session, argument) => {
  if (argument === '') session.say(overview)
  else session.say(isTopic(argument) ? helpOn(argument) : `*** No help on ${argument}`)
}

const farewell: Command = (session) => session.say('')

const commands: Readonly<Record<Topic, Command>> = {
  ...{ add, avail, clear, fg, help, maintail, open, pid, reload, remove, reread, restart, shutdown, signal },
  ...{ start, status, stop, tail, update, version, exit: farewell, quit: farewell },
  'rolling-restart': rollingRestart,
}

/** @returns whether the shell is to end */
export async function perform(session: Session, text: string): Promise<boolean> {
  const line = parseLine(text)
  if (line.text === '') return false
  const leaves = ['EOF', 'exit', 'quit'].includes(line.action)
  const command = leaves ? farewell : isTopic(line.action) ? commands[line.action] : unknown(line)
  await attempt(session, command, line)
  // A connection for each command: between two of them the daemon may have had another life.
  session.close()
  session.flush(line.action)
  return leaves
}

const unknown =
  ({ text }: Line): Command =>
  (session) =>
    session.fail(`*** Unknown syntax: ${text}`, exit.generic)

async function attempt(session: Session, command: Command, line: Line): Promise<void> {
  try {
    await command(session, line.argument)
  } catch (error) {
    if (error instanceof Interrupted) throw error
    if (!(error instanceof HttpRefusal) || error.status !== 401) {
      session.fail(`error: ${pythonWords(error)}`, exit.generic)
    } else if (!session.interactive) {
      session.fail('Server requires authentication', exit.generic)
    } else if (await newCredentials(session)) {
      await attempt(session, command, line)
    }
  }
}

/** False: there is nobody left to ask. */
async function newCredentials(session: Session): Promise<boolean> {
  session.say('Server requires authentication')
  const username = await session.terminal.ask('Username:')
  const password = username === null ? null : await session.terminal.ask('Password:', { hidden: true })
  session.say('')
  if (username === null || password === null) return false
  session.target = { ...session.target, username, password }
  return true
}
