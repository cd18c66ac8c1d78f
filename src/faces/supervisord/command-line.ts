// supervisord's own command line: what it says wins over the file (supervisord: ServerOptions, Options.realize).
import { AgentError } from '../../domain/errors.ts'
import { repr } from '../../wire/ini/python-text.ts'
import type { Machine } from './config/machine.ts'
import { existingFolder, filePath, normalizePath, user } from './config/paths.ts'
import type { SupervisordSettings } from './config/types.ts'
import { byteSize, integer, logLevel, octal } from './config/values.ts'
import { getopt, type Option } from './getopt.ts'

type Settings = { -readonly [K in keyof SupervisordSettings]?: SupervisordSettings[K] }

interface SettingOption extends Option {
  readonly long: string
  /** Raises BAD_CONFIGURATION. */
  readonly set: (settings: Settings, value: string, machine: Machine) => void
}

const flag = (short: string, long: string, set: (settings: Settings) => void): SettingOption => {
  return { short, long, takesValue: false, set }
}
const value = (short: string | null, long: string, set: SettingOption['set']): SettingOption => {
  return { ...(short !== null && { short }), long, takesValue: true, set }
}
const placed = (text: string, machine: Machine): string => normalizePath(filePath(machine)(text), machine)

const options: readonly SettingOption[] = [
  flag('h', 'help', () => undefined),
  // Only short; a second `help` would make `--hel` ambiguous.
  flag('?', '', () => undefined),
  flag('v', 'version', () => undefined),
  value('c', 'configuration', () => undefined),
  flag('n', 'nodaemon', (settings) => (settings.nodaemon = true)),
  flag('s', 'silent', (settings) => (settings.silent = true)),
  flag('k', 'nocleanup', (settings) => (settings.nocleanup = true)),
  flag('t', 'strip_ansi', (settings) => (settings.stripAnsi = true)),
  // Looked up when the file is read: its message is the file's.
  value('u', 'user', () => undefined),
  value('m', 'umask', (settings, text) => (settings.umask = octal(text))),
  value('d', 'directory', (settings, text, machine) => (settings.directory = existingFolder(machine)(text))),
  value('l', 'logfile', (settings, text, machine) => {
    settings.logfile = text === 'syslog' ? text : placed(text, machine)
  }),
  value('y', 'logfile_maxbytes', (settings, text) => (settings.logfileMaxBytes = byteSize(text))),
  value('z', 'logfile_backups', (settings, text) => (settings.logfileBackups = integer(text))),
  value('e', 'loglevel', (settings, text) => (settings.loglevel = logLevel(text))),
  value('j', 'pidfile', (settings, text, machine) => (settings.pidfile = placed(text, machine))),
  value('i', 'identifier', (settings, text) => (settings.identifier = text)),
  value('q', 'childlogdir', (settings, text, machine) => (settings.childlogdir = existingFolder(machine)(text))),
  value('a', 'minfds', (settings, text) => (settings.minfds = integer(text))),
  value(null, 'minprocs', (settings, text) => (settings.minprocs = integer(text))),
  // Python's profiler has no counterpart.
  value(null, 'profile_options', () => undefined),
]

export type CommandLine =
  | { readonly kind: 'help' | 'version' }
  /** Ends with exit code 2. */
  | { readonly kind: 'problem'; readonly problem: string }
  | {
      readonly kind: 'run'
      /** Null: it is searched for. */
      readonly file: string | null
      readonly user: string | null
      readonly settings: Partial<SupervisordSettings>
    }

/**
 * Reads the words after the program's name; raises nothing, what is wrong is the answer. supervisord: Options.realize.
 */
export function readCommandLine(words: readonly string[], machine: Machine): CommandLine {
  const read = getopt(words, options)
  if ('problem' in read) return { kind: 'problem', problem: read.problem }
  if (read.rest.length > 0) {
    const rest = `[${read.rest.map(repr).join(', ')}]`
    return { kind: 'problem', problem: `positional arguments are not supported: ${rest}` }
  }
  const settings: Settings = {}
  const seen = new Map<string, string>()
  for (const { option, written, value: text } of read.given) {
    const long = option.short === '?' ? 'help' : option.long
    if (long === 'help' || long === 'version') return { kind: long }
    try {
      option.set(settings, text, machine)
    } catch (error) {
      if (!(error instanceof AgentError)) throw error
      return { kind: 'problem', problem: `invalid value for ${written} ${repr(text)}: ${error.subject}` }
    }
    if (seen.has(long)) return { kind: 'problem', problem: `conflicting command line option ${repr(written)}` }
    seen.set(long, text)
  }
  return { kind: 'run', file: seen.get('configuration') ?? null, user: seen.get('user') ?? null, settings }
}

/** The settings of a file with those of the command line over them. Raises BAD_CONFIGURATION for an unknown user. */
export function withCommandLine(
  settings: SupervisordSettings,
  line: Extract<CommandLine, { kind: 'run' }>,
  machine: Machine,
): SupervisordSettings {
  return { ...settings, ...line.settings, ...(line.user !== null && { user: user(machine)(line.user) }) }
}

export const supervisordHelp = (program: string): string => `supervisord -- run a set of applications as daemons.

Usage: ${program} [options]

Options:
-c/--configuration FILENAME -- the configuration file (searched for if not given)
-n/--nodaemon -- stay in the foreground, as nodaemon=true
-s/--silent -- in the foreground: no log lines on stdout, as silent=true
-h/--help -- print this text
-v/--version -- print the version of supervisord that this stands for
-u/--user USER -- become this user, by name or number
-m/--umask UMASK -- umask of the daemon (022)
-d/--directory DIRECTORY -- working folder of the daemon
-l/--logfile FILENAME -- use FILENAME as the main log
-y/--logfile_maxbytes BYTES -- size at which the main log is rotated
-z/--logfile_backups NUM -- rotated main logs to keep
-e/--loglevel LEVEL -- blather, trace, debug, info, warn, error or critical
-j/--pidfile FILENAME -- where the daemon's pid is written
-i/--identifier STR -- name of this supervisord
-q/--childlogdir DIRECTORY -- folder of logs that have no name in the file
-k/--nocleanup -- keep such logs of the run before
-a/--minfds NUM -- file descriptors needed at least
-t/--strip_ansi -- take terminal escapes out of the logs
--minprocs NUM -- processes needed at least
`
