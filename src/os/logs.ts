import { randomBytes } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import path from 'node:path'
import type { Logs } from '../engine/log-ports.ts'
import type { Libc } from './libc.ts'
import { LogFile } from './log-file.ts'

const NAME_BYTES = 6

/** @param libc null: there is no way to the system's log */
export function nodeLogs(libc: Libc | null): Logs {
  return {
    open: (target) => new LogFile(target),
    create(folder, prefix) {
      const random = randomBytes(NAME_BYTES).toString('base64url').replaceAll('-', '_')
      const file = path.join(folder, `${prefix}${random}.log`)
      closeSync(openSync(file, 'wx', 0o600))
      return file
    },
    syslog: libc === null ? null : (text) => libc.syslog(text),
  }
}
