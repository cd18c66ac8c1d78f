// Pieces of log files for clients (supervisord: options.readFile and tailFile).
import { closeSync, constants, existsSync, fstatSync, openSync, readSync } from 'node:fs'
import { AgentError, codeOf } from '../../../domain/errors.ts'
import type { TailedLog } from '../daemon.ts'

/** More than this is never read at once; a client asks again. */
const mostBytes = 64 * 1024 * 1024

/**
 * Raises BAD_ARGUMENTS, FAILED, and NO_FILE: about the path, or about nothing where the log has none, as clients know it
 * (supervisord: rpcinterface._readProcessLog).
 */
export function readLog(path: string | null, offset: number, length: number): Uint8Array {
  if (path === null || !existsSync(path)) throw new AgentError('NO_FILE', path ?? '')
  if ((offset < 0 && length !== 0) || length < 0) throw new AgentError('BAD_ARGUMENTS', '')
  return withFile(path, (fd, size) => {
    const start = offset < 0 ? Math.max(0, size + offset) : offset
    const end = length === 0 ? size : Math.min(size, start + length)
    return read(fd, start, end)
  })
}

/**
 * The last `length` bytes, or none where the log is no longer than `offset`. A log that is not there, or that cannot be
 * read, is empty.
 */
export function tailLog(path: string | null, offset: number, length: number): TailedLog {
  if (path === null || !existsSync(path)) return { bytes: new Uint8Array(), offset: 0, overflow: false }
  try {
    return withFile(path, (fd, size) => {
      const from = offset >= size || length <= 0 ? size : Math.max(0, size - length)
      return { bytes: read(fd, from, size), offset: size, overflow: size > offset + length }
    })
  } catch (error) {
    if (error instanceof AgentError) return { bytes: new Uint8Array(), offset, overflow: false }
    throw error
  }
}

/** Without waiting for a writer, should it be a named pipe. Raises the system's error. */
export const openForReading = (path: string): number => openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)

function withFile<T>(path: string, use: (fd: number, size: number) => T): T {
  let fd: number
  try {
    fd = openForReading(path)
  } catch (cause) {
    throw codeOf(cause) === 'ENOENT'
      ? new AgentError('NO_FILE', path, { cause })
      : new AgentError('FAILED', '', { cause })
  }
  try {
    const stat = fstatSync(fd)
    // A pipe or terminal has no past that could be read.
    if (!stat.isFile()) throw new AgentError('FAILED', '')
    return use(fd, stat.size)
  } finally {
    closeSync(fd)
  }
}

function read(fd: number, from: number, to: number): Uint8Array {
  const bytes = Buffer.allocUnsafe(Math.max(0, Math.min(to - from, mostBytes)))
  let done = 0
  while (done < bytes.length) {
    const count = readSync(fd, bytes, done, bytes.length - done, from + done)
    if (count === 0) break
    done += count
  }
  return bytes.subarray(0, done)
}
