// Where the control socket may be: in /run, or in a folder of our own that nobody else may enter.
import { accessSync, constants, existsSync, lstatSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { AgentError } from '../../domain/errors.ts'

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
    if ((cause as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new AgentError('UNAVAILABLE', `neither ${run} nor ${temporary} can be written`, { cause })
  }
  const { uid: owner, mode } = lstatSync(folder)
  const isPrivate = (mode & 0o777) === 0o700 && (mode & constants.S_IFMT) === constants.S_IFDIR
  if (owner === uid && isPrivate) return join(folder, 'control.sock')
  throw new AgentError('UNAVAILABLE', `${folder} is not a folder of ours with mode 0700: CONTROL_SOCKET names another`)
}

/** Where the socket of an agent on this machine may be: under the default names, or where `asked` says. */
export function socketPlaces(asked: string | undefined, run = '/run', temporary = '/tmp'): readonly string[] {
  const uid = process.getuid?.() ?? 0
  return asked === undefined
    ? [join(run, 'pidpiper.sock'), join(temporary, `pidpiper-${uid}`, 'control.sock')]
    : [asked]
}

/** The first of these places where there is something; null: there is no agent here. */
export const socketInUse = (places: readonly string[]): string | null =>
  places.find((place) => existsSync(place)) ?? null

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK)
    return true
  } catch {
    // Read-only, closed to us, or not there: the answer is no.
    return false
  }
}
