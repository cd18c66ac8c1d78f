// What the configuration asks of the machine it runs on. Reads only; tests give their own.
import { accessSync, closeSync, constants, openSync, readFileSync, readSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import process from 'node:process'
import { isatty } from 'node:tty'

export type FileKind = 'missing' | 'folder' | 'file' | 'program'

export interface Machine {
  /** The whole text of a file. Throws what the file system throws. */
  readonly read: (path: string) => string
  /** `program`: a file that this user may execute. `missing` also where a folder on the way may not be entered. */
  readonly kind: (path: string) => FileKind
  /** The first bytes of a file, at most 4096; null where it cannot be read. */
  readonly head: (path: string) => Buffer | null
  /** Whether both paths lead to one regular file. */
  readonly same: (one: string, other: string) => boolean
  readonly hostName: () => string
  /** As Node names it: `x64`, `arm64`. */
  readonly arch: string
  /** Whether stderr, where the log goes, is a terminal. */
  readonly terminal: boolean
}

/** The machine this process runs on. */
export const thisMachine: Machine = {
  read: (path) => readFileSync(path, 'utf8'),
  kind: (path) => {
    try {
      if (statSync(path).isDirectory()) return 'folder'
    } catch {
      // No entry, a folder that may not be entered, a name too long: for the user of the path it is not there.
      return 'missing'
    }
    return mayExecute(path) ? 'program' : 'file'
  },
  head: (path) => {
    try {
      return firstBytes(path)
    } catch {
      // What may be executed need not be readable: then nothing is known of it.
      return null
    }
  },
  same: (one, other) => {
    try {
      const [left, right] = [statSync(one), statSync(other)]
      return left.isFile() && left.dev === right.dev && left.ino === right.ino
    } catch {
      // One of them is missing: then they are two.
      return false
    }
  },
  hostName: hostname,
  arch: process.arch,
  terminal: isatty(2),
}

function firstBytes(path: string): Buffer {
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  try {
    const bytes = Buffer.alloc(4096)
    return bytes.subarray(0, readSync(file, bytes))
  } finally {
    closeSync(file)
  }
}

const mayExecute = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    // The answer is the error: there is nothing else access can say.
    return false
  }
}
