import { accessSync, constants, statSync, type Stats } from 'node:fs'
import path from 'node:path'
import process from 'node:process'
import { AgentError } from '../domain/errors.ts'
import { repr } from '../wire/ini/python-text.ts'

/** supervisord's own list, for the case that nobody has a PATH. */
const LAST_RESORT = '/bin:/usr/bin:/usr/local/bin'

/**
 * The file that a command's first word means: a word with a slash as it is, else the first executable of that name in
 * the child's PATH, else in ours, else in /bin:/usr/bin:/usr/local/bin. Relative paths count from the child's folder.
 * supervisord: ServerOptions.check_execv_args, whose texts are the subjects.
 * @throws AgentError NO_FILE, NOT_EXECUTABLE
 */
export function findCommand(
  word: string,
  directory: string | undefined,
  environment: Readonly<Record<string, string>>,
): string {
  const folder = path.resolve(directory ?? '.')
  if (word.includes('/')) return checked(word, folder, word)
  const search = environment['PATH'] || process.env['PATH'] || LAST_RESORT
  const found = search
    .split(':')
    .map((entry) => path.join(entry || '.', word))
    .filter((file) => statOf(file, folder) !== undefined)
  const executable = found.find((file) => problemOf(file, folder) === null)
  return executable ?? checked(found[0] ?? word, folder, word)
}

function checked(file: string, folder: string, word: string): string {
  const problem = problemOf(file, folder)
  if (problem === 'missing') throw new AgentError('NO_FILE', `can't find command ${repr(word)}`)
  if (problem !== null) throw new AgentError('NOT_EXECUTABLE', problem)
  return file
}

function problemOf(file: string, folder: string): string | null {
  const stat = statOf(file, folder)
  if (stat === undefined) return 'missing'
  if (stat.isDirectory()) return `command at ${repr(file)} is a directory`
  if ((stat.mode & 0o111) === 0) return `command at ${repr(file)} is not executable`
  try {
    accessSync(path.resolve(folder, file), constants.X_OK)
    return null
  } catch {
    return `no permission to run command ${repr(file)}`
  }
}

function statOf(file: string, folder: string): Stats | undefined {
  try {
    return statSync(path.resolve(folder, file), { throwIfNoEntry: false })
  } catch {
    // A folder on the way may not be searched, or the name is no path: either way there is nothing to run.
    return undefined
  }
}
