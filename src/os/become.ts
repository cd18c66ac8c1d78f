// For the time of a start: another user, another umask.
import process from 'node:process'
import { AgentError } from '../domain/errors.ts'
import type { ProgramSpec } from '../domain/process/spec.ts'
import type { Libc } from './libc.ts'

export interface NodeUser {
  readonly uid?: number
  readonly gid?: number
}

/**
 * Runs `start` as the user: the main thread becomes that user, with all its groups. Node itself knows only one group,
 * and is asked, by what `start` is given, only where there is no native part. Raises SPAWN_ERROR for who is not root.
 */
export function asUser<T>(libc: Libc | null, user: ProgramSpec['user'], start: (user: NodeUser) => T): T {
  const own = process.getuid?.()
  if (user === undefined || user.uid === own) return start({})
  if (own !== 0)
    throw new AgentError('SPAWN_ERROR', `couldn't setuid to ${user.uid}: Can't drop privilege as nonroot user`)
  if (libc === null) return start({ uid: user.uid, gid: user.gid })
  const comeBack = libc.become(user)
  try {
    return start({})
  } finally {
    comeBack()
  }
}

/** Calls `start`, whose children inherit the umask; undefined: our own. */
export function withUmask<T>(umask: number | undefined, start: () => T): T {
  if (umask === undefined) return start()
  const own = process.umask(umask)
  try {
    return start()
  } finally {
    process.umask(own)
  }
}
