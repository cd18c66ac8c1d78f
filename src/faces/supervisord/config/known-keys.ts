// Keys and sections that mean something, to tell a slip of the keyboard from silence.
import { nearestName } from '../../../domain/nearest-name.ts'
import type { IniDocument, IniSection } from '../../../wire/ini.ts'
import type { Notice } from './types.ts'
import { upkeepKeys } from './upkeep.ts'

const channelKeys = [
  ...['logfile', 'logfile_maxbytes', 'logfile_backups', 'logfile_compress'],
  ...['capture_maxbytes', 'events_enabled', 'syslog'],
]

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '')

const programKeys = [
  ...words(`command process_name numprocs numprocs_start directory umask priority autostart autorestart startsecs
    startretries exitcodes stopsignal stopwaitsecs stopasgroup killasgroup user redirect_stderr environment serverurl
    depends_on exit_on envfiles restart_delay backoff_max log_format user_environment numprocs_live`),
  ...upkeepKeys,
  ...channelKeys.flatMap((key) => [`stdout_${key}`, `stderr_${key}`]),
]

const settingsKeys = words(`logfile logfile_maxbytes logfile_backups loglevel pidfile umask nodaemon silent minfds
  minprocs nocleanup strip_ansi childlogdir user directory environment identifier`)

/** By the section's name up to the colon; null: the keys are for somebody else. */
export const knownKeys = new Map<string, readonly string[] | null>([
  ['supervisord', settingsKeys],
  ['supervisorctl', words('serverurl username password prompt history_file')],
  ['inet_http_server', words('port username password')],
  ['unix_http_server', words('file chmod chown username password')],
  ['include', ['files']],
  ['program', programKeys],
  ['fcgi-program', [...programKeys, ...words('socket socket_backlog socket_owner socket_mode')]],
  ['eventlistener', [...programKeys, ...words('events buffer_size result_handler')]],
  ['group', ['programs', 'priority']],
  ['rpcinterface', null],
  ['ctlplugin', null],
])

const everyKey = [...new Set([...knownKeys.values()].flatMap((keys) => keys ?? []))]

/**
 * One warning for each key that no section of its kind has, and for each section whose name looks like a slip; sections
 * of other programs are none of our business.
 */
export function unknownKeys(document: IniDocument): Notice[] {
  const defaults = [...document.defaults.values()].flatMap((value) => {
    return warnKey(value.key, everyKey, 'DEFAULT').map((text) => ({ text, place: value.keyPlace }))
  })
  return [...defaults, ...[...document.sections.values()].flatMap(inSection)]
}

function inSection(section: IniSection): Notice[] {
  const kind = section.name.split(':', 1)[0] ?? ''
  const keys = knownKeys.get(kind)
  if (keys === undefined) {
    const meant = nearestName(kind, [...knownKeys.keys()])
    if (meant === null) return []
    const advice = `did you mean [${meant}${section.name.slice(kind.length)}]?`
    return [{ text: `unknown section [${section.name}] has no effect, ${advice}`, place: section.place }]
  }
  if (keys === null) return []
  return [...section.values.values()].flatMap((value) => {
    return warnKey(value.key, keys, section.name).map((text) => ({ text, place: value.keyPlace }))
  })
}

function warnKey(key: string, known: readonly string[], section: string): string[] {
  if (known.includes(key)) return []
  const meant = nearestName(key, known)
  const advice = meant === null ? 'it has no effect' : `did you mean ${meant}?`
  return [`unknown key ${key} in [${section}], ${advice}`]
}
