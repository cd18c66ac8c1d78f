// The flags of supervisorctl, and ours: `--json` and `--watch[=SECONDS]`, which may also follow the action.
import { repr } from '../../../wire/ini/python-text.ts'
import { getopt, type Option } from '../getopt.ts'

export interface CtlFlags {
  readonly configuration: string | null
  readonly serverurl: string | null
  readonly username: string | null
  readonly password: string | null
  readonly historyFile: string | null
  readonly interactive: boolean
  readonly json: boolean
  /** Seconds between two looks; null: one look. */
  readonly watch: number | null
  /** The action and its arguments. */
  readonly words: readonly string[]
}

export type CtlInvocation =
  | { readonly kind: 'run'; readonly flags: CtlFlags }
  | { readonly kind: 'help' }
  /** Exit code 2. */
  | { readonly kind: 'usage'; readonly message: string }

interface CtlOption extends Option {
  readonly sets:
    'configuration' | 'serverurl' | 'username' | 'password' | 'historyFile' | 'interactive' | 'help' | 'ours'
}

const options: readonly CtlOption[] = [
  { short: 'h', long: 'help', takesValue: false, sets: 'help' },
  { short: '?', takesValue: false, sets: 'help' },
  { short: 'c', long: 'configuration', takesValue: true, sets: 'configuration' },
  { short: 'i', long: 'interactive', takesValue: false, sets: 'interactive' },
  { short: 's', long: 'serverurl', takesValue: true, sets: 'serverurl' },
  { short: 'u', long: 'username', takesValue: true, sets: 'username' },
  { short: 'p', long: 'password', takesValue: true, sets: 'password' },
  { short: 'r', long: 'history_file', takesValue: true, sets: 'historyFile' },
  // The usage text of the real one names this spelling, its parser only the other.
  { long: 'history-file', takesValue: true, sets: 'historyFile' },
]

/** @param argv the words after the program's name */
export function parseCtlArguments(argv: readonly string[]): CtlInvocation {
  const { json, watch, words: others } = takeOurs(argv)
  if (typeof watch === 'string') return { kind: 'usage', message: watch }
  const parsed = getopt(others, options)
  if ('problem' in parsed) return { kind: 'usage', message: parsed.problem }
  const values = new Map<CtlOption['sets'], string>()
  for (const { option, written, value } of parsed.given) {
    if (option.sets === 'help') return { kind: 'help' }
    if (option.sets === 'serverurl' && !isUrl(value)) {
      const message = `invalid value for ${written} ${repr(value)}: value ${repr(value)} is not a URL`
      return { kind: 'usage', message }
    }
    if (values.has(option.sets)) return { kind: 'usage', message: `conflicting command line option ${repr(written)}` }
    values.set(option.sets, value)
  }
  const text = (name: CtlOption['sets']): string | null => values.get(name) ?? null
  const flags: CtlFlags = {
    configuration: text('configuration'),
    serverurl: text('serverurl'),
    username: text('username'),
    password: text('password'),
    historyFile: text('historyFile'),
    interactive: values.has('interactive'),
    json,
    watch,
    words: parsed.rest,
  }
  return { kind: 'run', flags }
}

interface Ours {
  json: boolean
  /** Seconds, or what is wrong. */
  watch: number | string | null
  words: string[]
}

function takeOurs(argv: readonly string[]): Ours {
  const ours: Ours = { json: false, watch: null, words: [] }
  for (const word of argv) {
    if (word === '--json') ours.json = true
    else if (word === '--watch') ours.watch = 2
    else if (word.startsWith('--watch=')) ours.watch = seconds(word.slice('--watch='.length))
    else ours.words.push(word)
  }
  return ours
}

function seconds(text: string): number | string {
  const value = Number(text)
  const good = text !== '' && Number.isFinite(value) && value >= 0.1 && value <= 86_400
  return good ? value : `invalid value for --watch ${repr(text)}: not a number of seconds between 0.1 and 86400`
}

/** supervisord: datatypes.url, which asks for a scheme and for something behind it. */
const isUrl = (text: string): boolean => /^[a-z][a-z0-9+.-]*:(\/\/[^/?#]+|\/\/\/?[^/?#]|(?!\/\/)[^?#])/i.test(text)
