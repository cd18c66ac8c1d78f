// Values that name files, folders and users: they are checked against the machine.
import { isAbsolute, resolve } from 'node:path'
import type { Account, Machine } from './machine.ts'
import { bad, integer } from './values.ts'

/** `~` and `~name` at the start become home folders; an unknown user's stays (Python: os.path.expanduser). */
export function expandUser(path: string, machine: Machine): string {
  if (!path.startsWith('~')) return path
  const slash = path.indexOf('/')
  const end = slash < 0 ? path.length : slash
  const home =
    end === 1
      ? (machine.environment['HOME'] ?? machine.account(machine.uid)?.home)
      : machine.account(path.slice(1, end))?.home
  if (home === undefined) return path
  return home.replace(/\/+$/, '') + path.slice(end) || '/'
}

/** The folder part of a path (Python: os.path.dirname). */
export function folderOf(path: string): string {
  const head = path.slice(0, path.lastIndexOf('/') + 1)
  return head.replace(/\/+$/, '') || head
}

/** A path from the root, without `.` and `..` (supervisord: options.normalize_path). */
export function normalizePath(path: string, machine: Machine): string {
  const expanded = expandUser(path, machine)
  return isAbsolute(expanded) ? resolve(expanded) : resolve(machine.cwd, expanded)
}

const isFolder = (path: string, machine: Machine): boolean =>
  machine.look(resolve(machine.cwd, path))?.kind === 'folder'

export const existingFolder =
  (machine: Machine) =>
  (text: string): string => {
    const path = expandUser(text, machine)
    if (path === '' || !isFolder(path, machine)) throw bad(`${text} is not an existing directory`)
    return path
  }

/** A file that may be missing, in a folder that may not. */
export const filePath =
  (machine: Machine) =>
  (text: string): string => {
    const path = expandUser(text, machine)
    const folder = folderOf(path)
    if (folder !== '' && !isFolder(folder, machine)) {
      throw bad(`The directory named as part of the path ${text} does not exist`)
    }
    return path
  }

/** Where a channel of a child goes; `auto`: a file of supervisord's own naming in childlogdir. */
export type Logfile = { readonly kind: 'none' | 'auto' | 'syslog' } | { readonly kind: 'file'; readonly path: string }

const logWords = new Map<string, Logfile>([
  ['', { kind: 'none' }],
  ['none', { kind: 'none' }],
  ['off', { kind: 'none' }],
  ['auto', { kind: 'auto' }],
  ['syslog', { kind: 'syslog' }],
])

export const logfile =
  (machine: Machine) =>
  (text: string): Logfile =>
    logWords.get(text.toLowerCase()) ?? { kind: 'file', path: filePath(machine)(text) }

const idOf = (text: string): number | null => (/^\s*[+-]?\d+(_\d+)*\s*$/.test(text) ? integer(text) : null)

/** A user by name or id. */
export const user =
  (machine: Machine) =>
  (text: string): Account => {
    const uid = idOf(text)
    const account = machine.account(uid ?? text)
    if (account === null) throw bad(uid === null ? `Invalid user name ${text}` : `Invalid user id ${text}`)
    return account
  }

export interface Owner {
  readonly uid: number
  /** -1: stays as it is. */
  readonly gid: number
}

/** `user` or `user:group`, names or ids. Raises whatever the parts raise: the caller has a message of its own. */
export const owner =
  (machine: Machine) =>
  (text: string): Owner => {
    const colon = text.indexOf(':')
    const { uid } = user(machine)(colon < 0 ? text : text.slice(0, colon))
    if (colon < 0) return { uid, gid: -1 }
    const name = text.slice(colon + 1)
    const gid = machine.groupId(idOf(name) ?? name)
    if (gid === null) throw bad(`Invalid user:group definition ${text}`)
    return { uid, gid }
  }

/** The folder for files of no importance (Python: tempfile.gettempdir). */
export function temporaryFolder(machine: Machine): string {
  const named = ['TMPDIR', 'TEMP', 'TMP'].flatMap((name) => machine.environment[name] ?? [])
  const candidates = [...named, '/tmp', '/var/tmp', '/usr/tmp'].filter((path) => path !== '' && isFolder(path, machine))
  return resolve(machine.cwd, candidates[0] ?? '.')
}
