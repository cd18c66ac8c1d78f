// A unix socket under its name: bound beside it, given its mode, and only then linked there, so that nobody connects
// before, and two daemons cannot both have it. supervisord: http.supervisor_af_unix_http_server.
import { once } from 'node:events'
import { chmodSync, chownSync, linkSync, lstatSync, rmSync, statSync, type Stats } from 'node:fs'
import { connect, type Server } from 'node:net'
import { userInfo } from 'node:os'
import { dirname } from 'node:path'
import { AgentError, codeOf } from '../../../../domain/errors.ts'
import type { HttpServerConfig } from '../../config/types.ts'
import type { ServerLog } from './log.ts'

export type UnixServerConfig = Extract<HttpServerConfig, { family: 'unix' }>

// sun_path of sockaddr_un, less its final zero.
const LONGEST_PATH = 107

/**
 * Listens, and gives what removes the socket again. Raises the system's own errors (EADDRINUSE: another daemon is alive
 * there), and AgentError where the file or its owner is wrong.
 * @param pid part of the temporary name
 */
export async function listenOnUnix(
  server: Server,
  { file, chmod, chown }: UnixServerConfig,
  { pid, log }: { readonly pid: number; readonly log: ServerLog },
): Promise<() => void> {
  const temporary = `${file}.${pid}`
  if (Buffer.byteLength(temporary) > LONGEST_PATH) {
    const most = LONGEST_PATH - Buffer.byteLength(temporary) + Buffer.byteLength(file)
    throw new AgentError('UNAVAILABLE', `the path of the unix socket ${file} has more than ${most} bytes`)
  }
  // libuv would say of a missing folder that access is denied.
  statSync(dirname(file))
  rmSync(temporary, { force: true })
  try {
    server.listen(temporary)
    await once(server, 'listening')
    chmodSync(temporary, chmod)
    await putInPlace(temporary, file, log)
    if (chown !== null) changeOwner(file, chown.uid, chown.gid)
    const own = lstatSync(file)
    return () => removeOnly(file, own)
  } finally {
    rmSync(temporary, { force: true })
  }
}

async function putInPlace(temporary: string, file: string, log: ServerLog): Promise<void> {
  for (;;) {
    try {
      linkSync(temporary, file)
      return
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error
      const found = lstatSync(file, { throwIfNoEntry: false })
      if (await answers(file)) throw Object.assign(new Error(`${file} is in use`), { code: 'EADDRINUSE' })
      if (found !== undefined) removeStale(file, found, log)
    }
  }
}

/** Nobody listens: it is stale, gone, or no socket. Whatever else stands in the way may be somebody. */
const nobody: readonly string[] = ['ECONNREFUSED', 'ENOENT', 'ENOTSOCK']

/** Whether somebody listens there. */
async function answers(file: string): Promise<boolean> {
  const socket = connect(file)
  try {
    await once(socket, 'connect')
    return true
  } catch (error) {
    return !nobody.includes(codeOf(error))
  } finally {
    socket.destroy()
  }
}

function removeStale(file: string, found: Stats, log: ServerLog): void {
  if (!found.isSocket() && !found.isSymbolicLink()) {
    throw new AgentError('UNAVAILABLE', `cannot make the unix socket ${file}: something else has that name`)
  }
  log('warn', `Unlinking stale socket ${file}`)
  removeOnly(file, found)
}

function changeOwner(file: string, uid: number, gid: number): void {
  try {
    chownSync(file, uid, gid)
  } catch (cause) {
    rmSync(file, { force: true })
    if (codeOf(cause) !== 'EPERM') throw cause
    const message =
      `Not permitted to chown ${file} to uid/gid (${uid}, ${gid}); adjust "sockchown" value in config file or on ` +
      `command line to values that the current user (${userInfo().username}) can successfully chown`
    throw new AgentError('UNAVAILABLE', message, { cause })
  }
}

/** Another daemon may have taken the name since. */
function removeOnly(file: string, { ino, dev }: Stats): void {
  const now = lstatSync(file, { throwIfNoEntry: false })
  if (now?.ino === ino && now.dev === dev) rmSync(file, { force: true })
}
