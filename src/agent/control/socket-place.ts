// Where the control socket may be: in /run, or in a folder of our own that nobody else may enter.
import { accessSync, constants, existsSync, lstatSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { AgentError, codeOf } from '../../domain/errors.ts'

/**
 * The place of the default socket; makes the folder it is in. Raises UNAVAILABLE where neither can be had, or
 * somebody else has taken that folder's name.
 */
export function defaultSocket(run = '/run', temporary = '/tmp', uid = process.getuid?.() ?? 0): string {
  if (isWritable(run)) return join(run, 'pidpiper.sock')
  const folder = join(temporary, `pidpiper-${uid}`)
  try {
    // Not recursive: Node tries for ever where the file system makes no folders, as in /proc.
    mkdirSync(folder, { mode: 0o700 })
  } catch (cause) {
    if (codeOf(cause) !== 'EEXIST')
      throw new AgentError('UNAVAILABLE', `neither ${run} nor ${temporary} can be written`, { cause })
  }
  const { uid: owner, mode } = lstatSync(folder)
  const isPrivate = (mode & 0o777) === 0o700 && (mode & constants.S_IFMT) === constants.S_IFDIR
  if (owner === uid && isPrivate) return join(folder, 'control.sock')
  throw new AgentError('UNAVAILABLE', `${folder} is not a folder of ours with mode 0700: CONTROL_SOCKET names another`)
}

/** Whom `pidpiper ctl` asks where the command line names nobody. */
export interface Asked {
  /** Null: whom supervisorctl would ask, the server in the supervisord.conf that it finds. */
  readonly serverurl: string | null
  /** Where an agent's socket was looked for. */
  readonly places: readonly string[]
  /** CONTROL_SOCKET names the one place: nobody else is asked in its stead. */
  readonly named: boolean
}

/**
 * With a CONTROL_SOCKET that one alone, there or not: an order must not reach another daemon because the agent is away.
 * Else the first default place where there is something. `off` and '' are read as the agent reads them.
 */
export function whomToAsk(controlSocket: string | undefined, run = '/run', temporary = '/tmp'): Asked {
  const named = controlSocket ?? ''
  if (named.toLowerCase() === 'off') return { serverurl: null, places: [], named: false }
  if (named !== '') return { serverurl: `unix://${named}`, places: [named], named: true }
  const uid = process.getuid?.() ?? 0
  const places = [join(run, 'pidpiper.sock'), join(temporary, `pidpiper-${uid}`, 'control.sock')]
  const socket = places.find((place) => existsSync(place))
  return { serverurl: socket === undefined ? null : `unix://${socket}`, places, named: false }
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    // Read-only, closed to us, or not there: the answer is no.
    return false
  }
}
