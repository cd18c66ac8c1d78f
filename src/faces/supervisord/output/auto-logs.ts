import { readdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { repr } from '../../../wire/ini/python-text.ts'

/**
 * Deletes AUTO logs of this identifier in the folder: those that an earlier life left (supervisord:
 * ServerOptions.clear_autochildlogdir; later than there, a start that fails must not take the logs of the daemon that
 * runs), or those of a life that did not begin.
 * @param goes whether the file at this path does
 * @param warn told of what could not be deleted
 */
export function clearAutoLogs(
  folder: string,
  identifier: string,
  goes: (path: string) => boolean,
  warn: (text: string) => void,
): void {
  let names: string[]
  try {
    names = readdirSync(folder)
  } catch {
    warn('Could not clear childlog dir')
    return
  }
  for (const name of names.filter((candidate) => isOurs(candidate, identifier))) {
    const path = join(folder, name)
    if (!goes(path)) continue
    try {
      unlinkSync(path)
    } catch {
      warn(`Failed to clean up ${repr(path)}`)
    }
  }
}

/** `<process>-<channel>---<identifier>-<random>.log`, or a rotated one. */
function isOurs(name: string, identifier: string): boolean {
  const mark = `---${identifier}-`
  const at = name.indexOf(mark, 1)
  return at > 0 && /^\S+\.log\.?\d{0,4}/.test(name.slice(at + mark.length))
}
