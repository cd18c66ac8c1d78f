import { readdirSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import { repr } from '../../../wire/ini/python-text.ts'

/**
 * Deletes the AUTO logs that an earlier life of this identifier left in the folder (supervisord:
 * ServerOptions.clear_autochildlogdir). Later than there: a start that fails must not take the logs of the daemon that runs.
 * @param keep paths of this life
 * @param warn told of what could not be deleted
 */
export function clearAutoLogs(
  folder: string,
  identifier: string,
  keep: ReadonlySet<string>,
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
    if (keep.has(path)) continue
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
