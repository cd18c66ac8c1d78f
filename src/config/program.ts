// Whether the Calculator can be started at all: told before anything is, not by a failed start.
import type { Machine } from './machine.ts'

/** What the C library searches when there is no PATH. */
const DEFAULT_PATH = '/bin:/usr/bin'

/**
 * What is wrong with `program` as the Calculator, as the end of a sentence, or null. An absolute path or a name in
 * `path`; a name with blanks that is no file is taken for a whole command line, and the cure is named.
 */
export function programProblem(program: string, path: string | undefined, machine: Machine): string | null {
  const kind = program.includes('/') ? machine.kind(program) : kindInPath(program, path, machine)
  if (kind === 'missing' && /\s/.test(program.trim())) return splitHint(program.trim())
  if (program.includes('/') && !program.startsWith('/')) return 'should be an absolute path or a name in PATH'
  switch (kind) {
    case 'program':
      return null
    case 'folder':
      return 'should be a program, and is a folder'
    case 'file':
      return 'should be executable: try chmod +x, or name its interpreter and give the file with --args'
    case 'missing':
      return program.includes('/') ? 'should be a program, and there is no such file' : 'should be a program in PATH'
  }
}

/** Where `program`, with which there is no problem, lies. */
export const programFile = (program: string, path: string | undefined, machine: Machine): string =>
  program.includes('/')
    ? program
    : (placesOf(program, path).find((file) => machine.kind(file) === 'program') ?? program)

/** Where the kernel's exec looks for a program of that name, in its order. */
export const placesOf = (name: string, path = DEFAULT_PATH): string[] =>
  path.split(':').map((folder) => `${folder === '' ? '.' : folder}/${name}`)

function kindInPath(name: string, path: string | undefined, machine: Machine): ReturnType<Machine['kind']> {
  const kinds = placesOf(name, path).map((file) => machine.kind(file))
  return kinds.find((kind) => kind === 'program') ?? kinds.find((kind) => kind === 'file') ?? 'missing'
}

const splitHint = (words: string): string => {
  const [bin = '', ...args] = words.split(/\s+/)
  const list = args.map((word) => word.replaceAll(',', '\\,')).join(',')
  return `should be a program alone; its arguments go to --args: --bin ${bin} --args ${list}`
}
