// A unix socket under its name: bound beside it, given its mode, and only then linked there, so that nobody connects
// before, and two daemons cannot both have it. supervisord: http.supervisor_af_unix_http_server.
import { once } from 'node:events'
import { chmodSync, chownSync, linkSync, lstatSync, rmSync, statSync } from 'node:fs'
import { connect, type Server } from 'node:net'
import { userInfo } from 'node:os'
import { dirname } from 'node:path'
import { AgentError } from '../../../../domain/errors.ts'
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
    const { ino, dev } = lstatSync(file)
    return () => removeOwn(file, { ino, dev })
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
      if (await answers(file)) throw Object.assign(new Error(`${file} is in use`), { code: 'EADDRINUSE' })
      removeStale(file, log)
    }
  }
}

/** Whether somebody accepts connections there. */
async function answers(file: string): Promise<boolean> {
  const socket = connect(file)
  try {
    await once(socket, 'connect')
    return true
  } catch (error) {
    // A full backlog (EAGAIN) is somebody too.
    return codeOf(error) === 'EAGAIN'
  } finally {
    socket.destroy()
  }
}

function removeStale(file: string, log: ServerLog): void {
  const found = lstatSync(file, { throwIfNoEntry: false })
  if (found === undefined) return
  if (!found.isSocket() && !found.isSymbolicLink()) {
    throw new AgentError('UNAVAILABLE', `cannot make the unix socket ${file}: something else has that name`)
  }
  log('warn', `Unlinking stale socket ${file}`)
  rmSync(file, { force: true })
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

/** Only our own socket: another daemon may have taken the name since. */
function removeOwn(file: string, own: { readonly ino: number; readonly dev: number }): void {
  const found = lstatSync(file, { throwIfNoEntry: false })
  if (found?.ino === own.ino && found.dev === own.dev) rmSync(file, { force: true })
}

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? ''
