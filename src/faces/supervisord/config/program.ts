// `[program:x]`, and the same keys in `[eventlistener:x]` and `[fcgi-program:x]`: one section, `numprocs` processes.
import type { ProgramSpec } from '../../../domain/process/spec.ts'
import type { IniSection } from '../../../wire/ini.ts'
import { repr } from '../../../wire/ini/python-text.ts'
import { shellWords } from '../../../wire/ini/shell-words.ts'
import type { ChannelBasics } from './channel-log.ts'
import { readChannelBasics, readChannelLog, withoutLogfile } from './channel-log.ts'
import { readEnvironmentFile } from './environment-file.ts'
import { user } from './paths.ts'
import type { Book, Expansions } from './section-reader.ts'
import { SectionReader } from './section-reader.ts'
import { signal } from './signals.ts'
import type { FcgiSocket, ProcessConfig } from './types.ts'
import { readLimits, readUpkeep } from './upkeep.ts'
import {
  autorestart,
  bad,
  boolean,
  exitCodes,
  integer,
  keyValues,
  listOfStrings,
  octal,
  processName,
  seconds,
} from './values.ts'

/** A process without the environment it will have, which is known when all sections are read. */
export type ProcessDraft = Omit<ProcessConfig, 'spec'> & { readonly spec: Omit<ProgramSpec, 'environment'> }

export interface ProgramFrame {
  readonly group: string
  readonly kind: ProcessConfig['kind']
  /** `[supervisord] environment`. */
  readonly environment: Readonly<Record<string, string>>
  readonly fcgiSocket: FcgiSocket | null
}

/** More is a slip of the keyboard, and would take all memory. */
const mostProcesses = 10_000

/** The processes of one section, by name (supervisord: ServerOptions.processes_from_section). */
export function readProcesses(book: Book, section: IniSection, frame: ProgramFrame): ProcessDraft[] {
  const file = book.fileOfSection.get(section.name) ?? book.file
  const suffix = ` in section ${repr(section.name)} (file: ${repr(file)})`
  const written = section.name.slice(section.name.indexOf(':') + 1)
  const naming = new SectionReader(book, section, new Map(), suffix)
  const program = naming.attempt(section.place, null, () => processName(written))
  if (program === null) return []
  const names: Expansions = new Map([
    ['here', ''],
    ['program_name', program],
    ['host_node_name', book.machine.hostName],
    ['group_name', frame.group],
  ])
  const shared = readShared(new SectionReader(book, section, names, suffix), book, program)
  const numbers = Array.from({ length: Math.max(0, shared.numprocs) }, (_, index) => shared.numprocsStart + index)
  const processes = numbers.flatMap((number) => {
    const own = new Map([...names, ['process_num', number], ['numprocs', shared.numprocs]] as [
      string,
      string | number,
    ][])
    return readProcess(book, section, own, suffix, shared, frame) ?? []
  })
  return processes.sort((one, other) => (one.spec.name < other.spec.name ? -1 : 1))
}

type Shared = ReturnType<typeof readShared>

/** What all processes of the section share, in the order in which supervisord reads it. */
function readShared(reader: SectionReader, { machine }: Book, program: string) {
  const priority = reader.read('priority', 999, integer)
  const autostart = reader.read('autostart', true, boolean)
  const restart = reader.read('autorestart', 'unexpected' as const, autorestart)
  const startsecs = reader.read('startsecs', 1, integer)
  const startretries = reader.read('startretries', 3, integer)
  const stopsignal = reader.read('stopsignal', signal('TERM'), signal)
  const stopwaitsecs = reader.read('stopwaitsecs', 10, integer)
  const stopasgroup = reader.read('stopasgroup', false, boolean)
  const killasgroup = reader.read('killasgroup', stopasgroup, boolean)
  const exitcodes = reader.read('exitcodes', [0], exitCodes)
  const redirectStderr = reader.read('redirect_stderr', false, boolean)
  const numprocs = readNumprocs(reader)
  const numprocsStart = reader.read('numprocs_start', 0, integer)
  const stdout = readChannelBasics(reader, 'stdout')
  const stderr = readChannelBasics(reader, 'stderr')
  const url = reader.text('serverurl', null)
  const account = reader.read('user', null, user(machine))
  const umask = reader.read('umask', null, octal)
  // The name is expanded later; here only what is written is looked at.
  const nameValue = reader.find('process_name')
  const name = reader.attempt(nameValue?.place ?? reader.section.place, program, () => {
    return processName(nameValue?.text ?? '%(program_name)s')
  })
  if (numprocs > 1 && !name.includes('%(process_num)')) {
    const place = nameValue?.place ?? reader.find('numprocs')?.place
    reader.problem('%(process_num) must be present within process_name when numprocs > 1', place)
  }
  if (stopasgroup && !killasgroup) {
    reader.problem('Cannot set stopasgroup=true and killasgroup=false', reader.find('killasgroup')?.place)
  }
  const serverurl = url?.trim().toUpperCase() === 'AUTO' ? null : url
  const dependsOn = reader.read('depends_on', [], listOfStrings)
  const exitOn = reader.read('exit_on', 'never' as const, exitOnOf)
  const logFormat = reader.read('log_format', 'raw' as const, logFormatOf)
  const userEnvironment = reader.read('user_environment', false, boolean)
  const numprocsLive = reader.read('numprocs_live', false, boolean)
  const backoff = {
    kind: 'linear' as const,
    ...optional('max', reader.read('backoff_max', null, seconds)),
    ...optional('restartDelay', reader.read('restart_delay', null, seconds)),
  }
  const life = { priority, autorestart: restart, startsecs, startretries, exitcodes, stopasgroup, killasgroup, backoff }
  const rest = { autostart, stopsignal, stopwaitsecs, user: account, redirectStderr, serverurl, dependsOn, exitOn }
  const additions = { logFormat, userEnvironment, numprocsLive }
  return { life, rest: { ...rest, ...additions }, umask, numprocs, numprocsStart, name, stdout, stderr }
}

function readNumprocs(reader: SectionReader): number {
  const numprocs = reader.read('numprocs', 1, integer)
  if (numprocs <= mostProcesses) return numprocs
  reader.problem(`numprocs should be at most ${mostProcesses}`, reader.find('numprocs')?.place)
  return 0
}

function exitOnOf(text: string): ProcessConfig['exitOn'] {
  const word = text.toLowerCase()
  if (word === 'never' || word === 'fatal' || word === 'exit') return word
  throw bad(`invalid 'exit_on' value ${repr(text)}, expected never, fatal or exit`)
}

function logFormatOf(text: string): ProcessConfig['logFormat'] {
  const word = text.toLowerCase()
  if (word === 'raw' || word === 'prefix' || word === 'json') return word
  throw bad(`invalid 'log_format' value ${repr(text)}, expected raw, prefix or json`)
}

const optional = <K extends string>(name: K, value: number | null): { [P in K]?: number } =>
  value === null ? {} : ({ [name]: value } as { [P in K]?: number })

function readProcess(
  book: Book,
  section: IniSection,
  expansions: Expansions,
  suffix: string,
  shared: Shared,
  frame: ProgramFrame,
): ProcessDraft | null {
  const before = new SectionReader(book, section, expansions, suffix)
  const own = readEnvironment(before, book)
  const variables = [...own].map(([name, value]) => [`ENV_${name}`, value] as const)
  const reader = new SectionReader(book, section, new Map([...expansions, ...variables]), suffix)
  const directory = reader.text('directory', null)
  const stdout = channel(reader, 'stdout', shared.stdout, book)
  const stderr = channel(reader, 'stderr', shared.stderr, book)
  if (reader.find('command') === undefined) reader.problem(`program section ${section.name} does not specify a command`)
  const command = reader.text('command', null)
  const name = expandedName(reader, shared.name)
  if (command === null || name === null) return null
  const words = shellWords(command)
  const { rest, life, umask } = shared
  const wait = rest.stopwaitsecs * 1000
  const upkeep = readUpkeep(reader)
  const limits = readLimits(reader)
  const hasHooks = Object.keys(upkeep.hooks.commands).length > 0
  const spec = {
    ...life,
    name,
    group: frame.group,
    command: 'broken' in words ? [] : words.words,
    stop: [{ action: rest.stopsignal.name, wait }, { action: 'SIGKILL', wait } as const],
    sweepgroup: false,
    ...(directory === null ? {} : { directory }),
    ...(umask === null ? {} : { umask }),
    ...(limits.length === 0 ? {} : { limits }),
    // Also for what follows a stop: the next start waits for it.
    ...(hasHooks && { prepares: true }),
  }
  return {
    ...rest,
    spec,
    section: section.name,
    place: section.place,
    kind: frame.kind,
    command,
    commandProblem: commandProblem(command, words),
    stdout,
    stderr: rest.redirectStderr ? withoutLogfile(reader, stderr) : stderr,
    environment: { ...frame.environment, ...Object.fromEntries(own) },
    fcgiSocket: frame.fcgiSocket,
    upkeep,
  }
}

const channel = (reader: SectionReader, name: 'stdout' | 'stderr', basics: ChannelBasics, book: Book) =>
  readChannelLog(reader, name, basics, book.machine)

/** Files first, so that what the section itself says wins. */
function readEnvironment(reader: SectionReader, { machine }: Book): ReadonlyMap<string, string> {
  const value = reader.find('environment')
  const own =
    value === undefined
      ? []
      : reader.attempt(value.place, [], () => [...keyValues(reader.expand(value, undefined, 'environment'))])
  const files = reader.read('envfiles', [], (text) =>
    listOfStrings(text).flatMap((path) => [...readEnvironmentFile(path, machine)]),
  )
  return new Map([...files, ...own])
}

function expandedName(reader: SectionReader, name: string): string | null {
  const value = reader.find('process_name')
  const place = value?.place ?? reader.section.place
  const written = { key: 'process_name', text: name, place, keyPlace: place }
  return reader.attempt(place, null, () => reader.expand(written, undefined, 'process_name'))
}

/** supervisord: Subprocess.get_execv_args, which splits the command at each start. */
function commandProblem(command: string, words: ReturnType<typeof shellWords>): string | null {
  if ('broken' in words) return `can't parse command ${repr(command)}: ${words.broken}`
  return words.words.length === 0 ? 'command is empty' : null
}
