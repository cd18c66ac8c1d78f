import { readdirSync, readFileSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { systemCode } from '../../../domain/errors.ts'
import type { Account, FileFacts, Machine } from './machine.ts'

/**
 * The machine that the agent runs on. Users and groups are those of /etc/passwd and /etc/group, read anew each time.
 * @param own what only the process itself knows: its environment, working folder and effective user id
 */
export function nodeMachine(own: Pick<Machine, 'environment' | 'cwd' | 'uid'>): Machine {
  return {
    ...own,
    hostName: hostname(),
    read: (path) => readFileSync(path),
    list: (folder) => orElse([], () => readdirSync(folder)),
    look: (path) => orElse(null, () => facts(path)),
    account: (wanted) => accounts().find(({ name, uid }) => name === wanted || uid === wanted) ?? null,
    groupId: (wanted) => groups().find(({ name, gid }) => name === wanted || gid === wanted)?.gid ?? null,
    groupsOf: ({ name, gid }) => {
      const more = groups().filter(({ members }) => members.includes(name))
      return [...new Set([gid, ...more.map((group) => group.gid)])]
    },
  }
}

function facts(path: string): FileFacts {
  const found = statSync(path)
  const kind = found.isDirectory() ? 'folder' : found.isFile() ? 'file' : 'other'
  return { kind, mode: found.mode & 0o7777, uid: found.uid, gid: found.gid }
}

/** What cannot be seen counts as not there; only errors of the system do. */
function orElse<T>(missing: T, look: () => T): T {
  try {
    return look()
  } catch (error) {
    if (systemCode(error) !== null) return missing
    throw error
  }
}

const table = (path: string): string[][] =>
  orElse('', () => readFileSync(path, 'utf8'))
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'))

const accounts = (): Account[] =>
  table('/etc/passwd').map(([name = '', , uid = '', gid = '', , home = '']) => {
    return { name, uid: Number(uid), gid: Number(gid), home }
  })

const groups = (): { name: string; gid: number; members: string[] }[] =>
  table('/etc/group').map(([name = '', , gid = '', members = '']) => {
    return { name, gid: Number(gid), members: members.split(',') }
  })
