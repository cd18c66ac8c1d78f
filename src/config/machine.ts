// What the configuration asks of the machine it runs on. Reads only; tests give their own.
import { accessSync, constants, readFileSync, statSync } from 'node:fs'
import { hostname } from 'node:os'
import { isatty } from 'node:tty'

export type FileKind = 'missing' | 'folder' | 'file' | 'program'

export interface Machine {
  /** The whole text of a file. Throws what the file system throws. */
  readonly read: (path: string) => string
  /** `program`: a file that this user may execute. `missing` also where a folder on the way may not be entered. */
  readonly kind: (path: string) => FileKind
  readonly hostName: () => string
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
  hostName: hostname,
  terminal: isatty(2),
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
