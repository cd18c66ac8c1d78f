// `[supervisord]`.
import type { Account, Machine } from './machine.ts'
import { existingFolder, filePath, normalizePath, temporaryFolder, user as account } from './paths.ts'
import type { SectionReader } from './section-reader.ts'
import type { SupervisordSettings } from './types.ts'
import { boolean, byteSize, integer, keyValues, logLevel, octal } from './values.ts'

const megabyte = 1024 ** 2

/** `user` as it is written: supervisord looks it up after everything else, see `settingsUser`. */
export type SettingsDraft = Omit<SupervisordSettings, 'user'> & { readonly user: string | null }

/**
 * In the order in which supervisord reads them.
 * @param reader of the section; knows `here`
 */
export function readSettings(reader: SectionReader, machine: Machine): SettingsDraft {
  const file = filePath(machine)
  const flag = (key: string): boolean => reader.read(key, false, boolean)
  const minfds = reader.read('minfds', 1024, integer)
  const minprocs = reader.read('minprocs', 200, integer)
  const directory = reader.read('directory', null, existingFolder(machine))
  const user = reader.text('user', null)
  const umask = reader.read('umask', 0o22, octal)
  const logfile = reader.read('logfile', 'supervisord.log', file)
  const logfileMaxBytes = reader.read('logfile_maxbytes', 50 * megabyte, byteSize)
  const logfileBackups = reader.read('logfile_backups', 10, integer)
  const loglevel = reader.read('loglevel', 'info', logLevel)
  const pidfile = normalizePath(reader.read('pidfile', 'supervisord.pid', file), machine)
  const identifier = reader.text('identifier', 'supervisor')
  const nodaemon = flag('nodaemon')
  const silent = flag('silent')
  const childlogdir = reader.read('childlogdir', null, existingFolder(machine)) ?? temporaryFolder(machine)
  const nocleanup = flag('nocleanup')
  const stripAnsi = flag('strip_ansi')
  const names = new Map([
    ['here', ''],
    ['host_node_name', machine.hostName],
  ])
  // Expanded once: supervisord does it twice, so that `%%` in it could not start at all.
  const environment = reader.read('environment', new Map<string, string>(), keyValues, names)
  return {
    logfile: logfile === 'syslog' ? logfile : normalizePath(logfile, machine),
    logfileMaxBytes,
    logfileBackups,
    loglevel,
    pidfile,
    umask,
    nodaemon,
    silent,
    minfds,
    minprocs,
    nocleanup,
    stripAnsi,
    childlogdir,
    directory,
    user,
    environment: Object.fromEntries(environment),
    identifier,
  }
}

/** The account that the agent is to become; null: none, or unknown, which is noted. */
export function settingsUser(reader: SectionReader, { user }: SettingsDraft, machine: Machine): Account | null {
  const place = reader.find('user')?.place ?? reader.section.place
  return user === null ? null : reader.attempt(place, null, () => account(machine)(user))
}
