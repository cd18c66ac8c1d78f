import { unlinkSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import type { LogLevel } from '../../faces/supervisord/config/values.ts'

/** Where it cannot be written that is told, and no reason not to run. @returns what removes it again */
export function writePidfile(path: string, tell: (level: LogLevel, text: string) => void): () => void {
  try {
    writeFileSync(path, `${process.pid}\n`)
  } catch {
    tell('critical', `could not write pidfile ${path}`)
    return () => undefined
  }
  tell('info', `supervisord started with pid ${process.pid}`)
  return () => removeFile(path)
}

function removeFile(path: string): void {
  try {
    unlinkSync(path)
  } catch {
    // Somebody removed it before us, or its folder is closed to the user we have become: supervisord leaves it, too.
  }
}
