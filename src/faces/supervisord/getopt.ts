// The command line of supervisord's programs, as Python's getopt reads it: users have scripts that rely on its rules.

export interface Option {
  /** One character, without the dash. */
  readonly short?: string
  /** Without the dashes; a unique beginning of it is enough on the command line. */
  readonly long?: string
  readonly takesValue: boolean
}

export interface Given<O extends Option> {
  readonly option: O
  /** As it was written, with its dashes, for messages. */
  readonly written: string
  /** Empty where the option takes none. */
  readonly value: string
}

export type Parsed<O extends Option> =
  | { readonly given: readonly Given<O>[]; readonly rest: readonly string[] }
  /** getopt's own sentence. */
  | { readonly problem: string }

/** Reads options up to the first other word, or `--` (Python: getopt.getopt). */
export function getopt<O extends Option>(words: readonly string[], options: readonly O[]): Parsed<O> {
  const given: Given<O>[] = []
  let index = 0
  for (; index < words.length; index++) {
    const word = words[index] ?? ''
    if (word === '--') return { given, rest: words.slice(index + 1) }
    if (!word.startsWith('-') || word === '-') break
    const next = words[index + 1]
    const read = word.startsWith('--')
      ? readLong(word.slice(2), next, options)
      : readShort(word.slice(1), next, options)
    if ('problem' in read) return read
    given.push(...read.given)
    if (read.tookNext) index++
  }
  return { given, rest: words.slice(index) }
}

type Read<O extends Option> = { given: Given<O>[]; tookNext: boolean } | { problem: string }

function readLong<O extends Option>(word: string, next: string | undefined, options: readonly O[]): Read<O> {
  const equals = word.indexOf('=')
  const name = equals < 0 ? word : word.slice(0, equals)
  const near = options.filter(({ long }) => long?.startsWith(name) ?? false)
  const option = near.find(({ long }) => long === name) ?? near[0]
  if (option === undefined) return { problem: `option --${name} not recognized` }
  if (near.length > 1 && option.long !== name) return { problem: `option --${name} not a unique prefix` }
  const written = `--${option.long ?? name}`
  const attached = equals < 0 ? undefined : word.slice(equals + 1)
  if (!option.takesValue) {
    if (attached !== undefined) return { problem: `option ${written} must not have an argument` }
    return { given: [{ option, written, value: '' }], tookNext: false }
  }
  const value = attached ?? next
  if (value === undefined) return { problem: `option ${written} requires argument` }
  return { given: [{ option, written, value }], tookNext: attached === undefined }
}

/** Several letters may share a dash; the one that takes a value takes the rest of the word, or the next word. */
function readShort<O extends Option>(letters: string, next: string | undefined, options: readonly O[]): Read<O> {
  const given: Given<O>[] = []
  for (const [at, letter] of Array.from(letters).entries()) {
    const written = `-${letter}`
    const option = options.find(({ short }) => short === letter)
    if (option === undefined) return { problem: `option ${written} not recognized` }
    if (!option.takesValue) {
      given.push({ option, written, value: '' })
      continue
    }
    const attached = Array.from(letters)
      .slice(at + 1)
      .join('')
    const value = attached === '' ? next : attached
    if (value === undefined) return { problem: `option ${written} requires argument` }
    return { given: [...given, { option, written, value }], tookNext: attached === '' }
  }
  return { given, tookNext: false }
}
