// The command line: which command, with which options. Reads words, touches nothing.
import { parseDlq, type DlqRequest } from './dlq-arguments.ts'
import { suggestion } from './suggestion.ts'

/** What the command line says about the Calculator and the streams. */
export interface RunFlags {
  readonly bin?: string
  /** From `--args` and `--arg`, in the order given; absent when neither was. */
  readonly args?: readonly string[]
  /** A file, or `-` for the agent's own stdin or stdout. */
  readonly in?: string
  readonly out?: string
}

export type Command = 'run' | 'check' | 'health' | 'doctor' | 'dlq' | 'consul' | 'install' | 'version'

/** Tools of other systems that the program is too; each reads its own words. */
export type Face = 'supervisord' | 'supervisorctl' | 'echo_supervisord_conf' | 'pidproxy'

/** By the name of a link or of the first word. */
const faces: Readonly<Record<string, Face>> = {
  ctl: 'supervisorctl',
  supervisord: 'supervisord',
  supervisorctl: 'supervisorctl',
  echo_supervisord_conf: 'echo_supervisord_conf',
  pidproxy: 'pidproxy',
}

/** What `install` is to do. */
export interface InstallFlags {
  /** Null: the usual place. */
  readonly prefix: string | null
  readonly systemd: boolean
  /** Replaces files that are not ours. */
  readonly force: boolean
  /** Says what would be done. */
  readonly dryRun: boolean
}

export type Invocation =
  | { readonly command: 'run'; readonly flags: RunFlags }
  | { readonly command: 'check'; readonly flags: RunFlags; readonly json: boolean }
  /** `-c`: the programs of a supervisord configuration, with or without a Calculator; `argv` is for that face. */
  | { readonly command: 'supervisord'; readonly flags: RunFlags; readonly argv: readonly string[] }
  /** `check -c`. */
  | { readonly command: 'check-file'; readonly file: string; readonly json: boolean }
  | { readonly command: 'health'; readonly ready: boolean }
  /** `calculator`: start it too. */
  | { readonly command: 'doctor'; readonly flags: RunFlags; readonly json: boolean; readonly calculator: boolean }
  | { readonly command: 'consul-policy'; readonly json: boolean }
  | { readonly command: 'dlq'; readonly request: DlqRequest }
  | { readonly command: 'install'; readonly flags: InstallFlags }
  | { readonly command: 'version' }
  /** `name`: the word it was called by. */
  | { readonly command: 'face'; readonly face: Face; readonly name: string; readonly argv: readonly string[] }
  /** `topic` null: the help of pidpiper as a whole. */
  | { readonly command: 'help'; readonly topic: Command | null }
  /** Exit code 64; `message` is the line for stderr. */
  | { readonly command: 'usage'; readonly message: string }

type OptionName = `--${'bin' | 'args' | 'arg' | 'in' | 'out' | 'json' | 'ready' | 'no-calculator' | InstallOption}`
type InstallOption = 'prefix' | 'systemd' | 'force' | 'dry-run'

const runOptions: readonly OptionName[] = ['--bin', '--args', '--arg', '--in', '--out']
const options: Readonly<Record<Command, readonly OptionName[]>> = {
  run: runOptions,
  check: [...runOptions, '--json'],
  health: ['--ready'],
  doctor: [...runOptions, '--json', '--no-calculator'],
  consul: ['--json'],
  dlq: [],
  install: ['--prefix', '--systemd', '--force', '--dry-run'],
  version: [],
}
const switches: readonly string[] = ['--json', '--ready', '--no-calculator', '--systemd', '--force', '--dry-run']

/** Faces that have their place in the design and none in this version yet. */
const laterNames: readonly string[] = ['supvisorsctl', 'supvisors_breed', 'circusd', 'circusctl']

/**
 * @param argv the words after the program's own name
 * @param invokedAs the file name the program was started by; `supervisor` and every name but a later face's mean `run`
 */
export function parseArguments(argv: readonly string[], invokedAs: string): Invocation {
  const later = laterNames.find((name) => name === invokedAs)
  if (later !== undefined) return usage(`${later} comes with a later version`)
  const called = faceOf(invokedAs)
  if (called !== null) return { command: 'face', face: called, name: invokedAs, argv }
  const [first = ''] = argv
  const asked = faceOf(first)
  if (asked !== null) return { command: 'face', face: asked, name: first, argv: argv.slice(1) }
  if (first === '--version' || first === '-v') return { command: 'version' }
  if (first === '--help' || first === '-h') return { command: 'help', topic: null }
  if (first === 'help') return helpAbout(argv[1])
  if (first === '' || first.startsWith('-') || first === 'run') return readRun(first === 'run' ? argv.slice(1) : argv)
  if (first === 'check') return readCheck(argv.slice(1))
  if (first === 'consul') return readConsul(argv.slice(1))
  if (isCommand(first)) return readOptions(first, argv.slice(1))
  if (laterNames.includes(first)) return usage(`${first} comes with a later version`)
  return usage(`unknown command ${JSON.stringify(first)}${suggestion(first, [...firstWords, 'help'])}`)
}

/** Splits the value of `--args`: commas separate, `\,` is a comma, the empty text is no argument. */
export const splitArgs = (list: string): string[] =>
  list === '' ? [] : list.split(/(?<!\\),/).map((word) => word.replaceAll('\\,', ','))

const faceOf = (name: string): Face | null => (Object.hasOwn(faces, name) ? (faces[name] ?? null) : null)

const isCommand = (word: string): word is Command => Object.hasOwn(options, word)

/** `topic`: whose help has the answer; that of `run`, which is seldom written out, stands in the first one too. */
const usage = (message: string, topic?: Command): Invocation => ({
  command: 'usage',
  message: `pidpiper: ${message}; see pidpiper ${topic === undefined || topic === 'run' ? '--help' : `help ${topic}`}`,
})

/** What may come first. */
const firstWords: readonly string[] = [...Object.keys(options), ...Object.keys(faces)]

function helpAbout(word: string | undefined): Invocation {
  if (word === undefined) return { command: 'help', topic: null }
  if (isCommand(word)) return { command: 'help', topic: word }
  const face = faceOf(word)
  if (face !== null) return { command: 'face', face, name: word, argv: ['--help'] }
  return usage(`no help about ${JSON.stringify(word)}${suggestion(word, firstWords)}`)
}

function readDlq(words: readonly string[]): Invocation {
  const read = parseDlq(words)
  if (read === 'help') return { command: 'help', topic: 'dlq' }
  return 'problem' in read ? usage(read.problem, 'dlq') : { command: 'dlq', request: read }
}

const fileOption = /^(?:-[a-z]*c|--c)/
const streamOption = (word: string): OptionName | undefined =>
  runOptions.find((option) => word === option || word.startsWith(`${option}=`))

/** With a configuration file the words that are not the stream's are supervisord's. */
function readRun(words: readonly string[]): Invocation {
  const [ours, theirs]: [string[], string[]] = [[], []]
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? ''
    const option = streamOption(word)
    if (option === undefined) theirs.push(word)
    else ours.push(...(word === option ? words.slice(index, ++index + 1) : [word]))
  }
  if (!theirs.some((word) => fileOption.test(word))) return readOptions('run', words)
  const read = readOptions('run', ours)
  return read.command === 'run' ? { command: 'supervisord', flags: read.flags, argv: theirs } : read
}

function readCheck(words: readonly string[]): Invocation {
  const at = words.findIndex((word) => word === '-c' || word === '--configuration')
  if (at < 0) return readOptions('check', words)
  const file = words[at + 1]
  const rest = words.filter((_, index) => index !== at && index !== at + 1)
  const other = rest.find((word) => word !== '--json')
  if (file === undefined || file === '') return usage('-c needs a value', 'check')
  if (other !== undefined)
    return usage(`check -c FILE goes with --json alone, not with ${JSON.stringify(other)}`, 'check')
  return { command: 'check-file', file, json: rest.length > 0 }
}

/** `policy` is the one thing it does. */
function readConsul([action, ...words]: readonly string[]): Invocation {
  if (action === undefined) return usage('consul needs a word after it: consul policy', 'consul')
  if (action === 'policy' || action === '--help' || action === '-h')
    return readOptions('consul', action === 'policy' ? words : [action])
  return usage(`unknown word ${JSON.stringify(action)} after consul${suggestion(action, ['policy'])}`, 'consul')
}

function readOptions(command: Command, words: readonly string[]): Invocation {
  if (command === 'dlq') return readDlq(words)
  const seen = new Set<string>()
  const flags: { bin?: string; args?: string[]; in?: string; out?: string } = {}
  let prefix: string | null = null
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? ''
    if (word === '--help' || word === '-h') return { command: 'help', topic: command }
    const equals = word.startsWith('--') ? word.indexOf('=') : -1
    const written = equals < 0 ? word : word.slice(0, equals)
    const name = options[command].find((option) => option === written)
    if (name === undefined) return unknownWord(command, written)
    if (switches.includes(name)) {
      if (equals >= 0) return usage(`${name} takes no value`, command)
      seen.add(name)
      continue
    }
    // The next word is the value whatever it looks like: arguments of the Calculator begin with dashes.
    const value = equals < 0 ? words[(index += 1)] : word.slice(equals + 1)
    if (value === undefined) return usage(`${name} needs a value`, command)
    if (name === '--args') flags.args = [...(flags.args ?? []), ...splitArgs(value)]
    else if (name === '--arg') flags.args = [...(flags.args ?? []), value]
    else if (value === '') return usage(`${name} needs a value that is not empty`, command)
    else if (name === '--bin') flags.bin = value
    else if (name === '--in') flags.in = value
    else if (name === '--prefix') prefix = value
    else flags.out = value
  }
  switch (command) {
    case 'run':
      return { command, flags }
    case 'check':
      return { command, flags, json: seen.has('--json') }
    case 'health':
      return { command, ready: seen.has('--ready') }
    case 'doctor':
      return { command, flags, json: seen.has('--json'), calculator: !seen.has('--no-calculator') }
    case 'consul':
      return { command: 'consul-policy', json: seen.has('--json') }
    case 'install': {
      const chosen = { systemd: seen.has('--systemd'), force: seen.has('--force'), dryRun: seen.has('--dry-run') }
      return { command, flags: { ...chosen, prefix } }
    }
    case 'version':
      return { command }
  }
}

function unknownWord(command: Command, word: string): Invocation {
  const kind = word.startsWith('-') ? 'unknown option' : 'unexpected word'
  const known = [...options[command], '--help', ...(command === 'run' ? ['--version'] : [])]
  return usage(`${kind} ${JSON.stringify(word)}${word.startsWith('-') ? suggestion(word, known) : ''}`, command)
}
