// The socket of a `[fcgi-program:x]`, which its processes share as their stdin.
import { isAbsolute } from 'node:path'
import type { Machine } from './machine.ts'
import type { Owner } from './paths.ts'
import { normalizePath, owner, user } from './paths.ts'
import { retold } from './servers.ts'
import type { SectionReader } from './section-reader.ts'
import type { FcgiSocket } from './types.ts'
import { bad, integer, octal } from './values.ts'

interface Rights {
  readonly owner: Owner | null
  readonly mode: number | null
  readonly backlog: number | null
}

/**
 * Null: there is none, or it is wrong, which is noted (supervisord: process_groups_from_parser, parse_fcgi_socket).
 * @param reader of the section; knows `program_name` and `here`
 * @param required whether a missing `socket` is a problem
 */
export function readFcgiSocket(reader: SectionReader, machine: Machine, required: boolean): FcgiSocket | null {
  const account = reader.read('user', null, user(machine))
  const backlog = reader.read('socket_backlog', null, backlogOf)
  const socketOwner = reader.read('socket_owner', null, retold('Invalid socket_owner value', owner(machine)))
  const mode = reader.read('socket_mode', null, retold('Invalid socket_mode value', octal))
  const value = reader.find('socket')
  if (value === undefined || value.text === '') {
    if (required) reader.problem(`[${reader.section.name}] section requires a "socket" line`)
    return null
  }
  // A socket of its own goes to the program's user, so that the children may use it.
  const byUser = account === null || account.uid === machine.uid ? null : { uid: account.uid, gid: account.gid }
  return reader.read('socket', null, (text) => {
    return parseSocket(text, { owner: socketOwner, mode, backlog }, byUser, machine, reader.section.name)
  })
}

function backlogOf(text: string): number {
  const backlog = integer(text)
  if (backlog < 1 || backlog > 65535) throw bad(`Invalid socket_backlog value ${backlog}`)
  return backlog
}

function parseSocket(
  text: string,
  rights: Rights,
  byUser: Owner | null,
  machine: Machine,
  section: string,
): FcgiSocket {
  const wrong = (message: string): Error => bad(`${message} in [${section}] socket`)
  const { backlog } = rights
  if (text.startsWith('unix://')) {
    const written = text.slice('unix://'.length)
    if (!isAbsolute(written)) throw wrong(`Unix socket path ${written} is not an absolute path`)
    const path = normalizePath(written, machine)
    const { mode } = rights
    return { family: 'unix', url: `unix://${path}`, path, mode: mode ?? 0o700, owner: rights.owner ?? byUser, backlog }
  }
  if (rights.owner !== null || rights.mode !== null) {
    throw wrong('socket_owner and socket_mode params should only be used with a Unix domain socket')
  }
  const match = /^tcp:\/\/([^\s:]+):(\d+)$/.exec(text)
  if (match === null) throw wrong(`Bad socket format ${text}`)
  const host = (match[1] ?? '').toLowerCase()
  const port = retoldPort(match[2] ?? '', wrong)
  return { family: 'inet', url: `tcp://${host}:${port}`, host, port, backlog }
}

function retoldPort(digits: string, wrong: (message: string) => Error): number {
  const port = Number(digits)
  if (port < 1) throw wrong(`${port} is below lower bound (1)`)
  if (port > 0xffff) throw wrong(`${port} is above upper bound (65535)`)
  return port
}
