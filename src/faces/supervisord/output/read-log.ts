// Pieces of log files for clients (supervisord: options.readFile and tailFile).
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs'
import { AgentError } from '../../../domain/errors.ts'
import type { TailedLog } from '../daemon.ts'

/** More than this is never read at once; a client asks again. */
const mostBytes = 64 * 1024 * 1024

/** Raises BAD_ARGUMENTS, NO_FILE, FAILED. `name` is what the error is about. */
export function readLog(path: string | null, offset: number, length: number, name: string): Uint8Array {
  if (path === null || !existsSync(path)) throw new AgentError('NO_FILE', name)
  if ((offset < 0 && length !== 0) || length < 0) throw new AgentError('BAD_ARGUMENTS', name)
  return withFile(path, name, (fd, size) => {
    const start = offset < 0 ? Math.max(0, size + offset) : offset
    const end = length === 0 ? size : Math.min(size, start + length)
    return read(fd, start, end)
  })
}

/**
 * The last `length` bytes, or none where the log is no longer than `offset`. A log that is not there, or that cannot be
 * read, is empty.
 */
export function tailLog(path: string | null, offset: number, length: number, name: string): TailedLog {
  if (path === null || !existsSync(path)) return { bytes: new Uint8Array(), offset: 0, overflow: false }
  try {
    return withFile(path, name, (fd, size) => {
      const from = offset >= size || length <= 0 ? size : Math.max(0, size - length)
      return { bytes: read(fd, from, size), offset: size, overflow: size > offset + length }
    })
  } catch (error) {
    if (error instanceof AgentError) return { bytes: new Uint8Array(), offset, overflow: false }
    throw error
  }
}

function withFile<T>(path: string, name: string, use: (fd: number, size: number) => T): T {
  let fd: number
  try {
    fd = openSync(path, 'r')
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    throw new AgentError(isMissing ? 'NO_FILE' : 'FAILED', name, { cause })
  }
  try {
    const stat = fstatSync(fd)
    // A pipe or terminal has no past that could be read.
    if (!stat.isFile()) throw new AgentError('FAILED', name)
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
