import { open, stat, type FileHandle } from 'node:fs/promises'
import { AgentError, codeOf, messageOf } from '../domain/errors.ts'

/** The name that stands for the agent's own stdin or stdout. */
export const STDIO = '-'

const purposes = {
  r: { verb: 'read', instead: (path: string) => `--in - < ${path}` },
  w: { verb: 'write', instead: (path: string) => `--out - > ${path}` },
  a: { verb: 'append to', instead: (path: string) => `--out - > ${path}` },
}

/**
 * Opens a regular file or a device. Raises UNAVAILABLE, with the reason. A named pipe is refused: to open one waits for
 * its other end in a thread that even the exit of the agent would wait for.
 */
export async function openFile(path: string, flags: keyof typeof purposes): Promise<FileHandle> {
  const { verb, instead } = purposes[flags]
  try {
    const found = await stat(path).catch((error: unknown) => {
      if (flags !== 'r' && codeOf(error) === 'ENOENT') return null
      throw error
    })
    if (found?.isFIFO() === true || found?.isSocket() === true) {
      throw new AgentError('UNAVAILABLE', `cannot ${verb} ${path}: it is a pipe or a socket, use ${instead(path)}`)
    }
    return await open(path, flags)
  } catch (cause) {
    if (cause instanceof AgentError) throw cause
    throw new AgentError('UNAVAILABLE', `cannot ${verb} ${path}: ${reasonOf(cause)}`, { cause })
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or folder',
  EACCES: 'permission denied',
  EISDIR: 'it is a folder',
  ENOSPC: 'no space left on the device',
  EROFS: 'the file system is read-only',
  EPIPE: 'its reader is gone',
}

/** A system error in words for a person. */
export const reasonOf = (error: unknown): string => reasons[codeOf(error)] ?? messageOf(error)
