// The real supervisord's configuration code as the judge of ours: both results in one shape.
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import process from 'node:process'
import type { LoadOptions } from '../../../../src/faces/supervisord/config/load.ts'
import { loadSupervisordConfig } from '../../../../src/faces/supervisord/config/load.ts'
import type { ChannelLog, GroupConfig, ProcessConfig } from '../../../../src/faces/supervisord/config/types.ts'
import { levelNumber } from '../../../../src/faces/supervisord/config/values.ts'

const pythons = ['/usr/bin/python3', 'python3']
const modulePath = process.env['PYTHONPATH'] ?? ''

/** An interpreter that has the supervisor module, or null. */
export function realPython(): string | null {
  const asks = ['-W', 'ignore', '-c', 'import supervisor.options']
  return pythons.find((python) => spawnSync(python, asks, { stdio: 'ignore', timeout: 20_000 }).status === 0) ?? null
}

export interface Outcome {
  /** The message of a configuration that was refused. */
  readonly error?: string
  /** Set where the real one breaks down in a way of Python's own. */
  readonly crash?: string
  readonly [field: string]: unknown
}

export interface Question {
  /** Paths of configurations to load. */
  readonly files: readonly string[]
  /** Texts for the INI grammar alone. */
  readonly grammar: readonly string[]
  /** Format strings, with `name`, `number` and `minus` to fill in. */
  readonly formats: readonly string[]
  readonly commands: readonly string[]
  readonly pairs: readonly string[]
  readonly reprs: readonly string[]
}

type Answer<Q> = { [K in keyof Q]: K extends 'reprs' ? string[] : Outcome[] }

/** What the real one makes of it, under exactly this environment. */
export function askReal<Q extends Partial<Question>>(
  python: string,
  question: Q,
  environment: Record<string, string> = sharedEnvironment({}),
): Answer<Q> {
  const script = resolve(import.meta.dirname, 'real-options.py')
  const answer = spawnSync(python, [script], {
    input: JSON.stringify(question),
    env: environment,
    encoding: 'utf8',
    maxBuffer: 512 * 1024 * 1024,
    timeout: 120_000,
  })
  if (answer.status !== 0) throw new Error(`the real supervisord's code failed: ${answer.stderr}`)
  return JSON.parse(answer.stdout) as Answer<Q>
}

/** Python itself sees these too, so both sides are given the same. */
export const sharedEnvironment = (more: Record<string, string>): Record<string, string> => ({
  PATH: '/usr/bin:/bin',
  HOME: '/tmp',
  LANG: 'C.UTF-8',
  ...(modulePath === '' ? {} : { PYTHONPATH: modulePath }),
  ...more,
})

/** What ours makes of a file, in the real one's shape. */
export function askOurs(options: LoadOptions): Outcome {
  const { config, problems, warnings, infos } = loadSupervisordConfig(options)
  if (config === null) return { error: problems[0]?.text ?? 'no problem is told' }
  const { settings, servers, groups, serverUrl } = config
  return {
    settings: {
      logfile: settings.logfile,
      logfile_maxbytes: settings.logfileMaxBytes,
      logfile_backups: settings.logfileBackups,
      loglevel: levelNumber(settings.loglevel),
      pidfile: settings.pidfile,
      umask: settings.umask,
      nodaemon: settings.nodaemon,
      silent: settings.silent,
      minfds: settings.minfds,
      minprocs: settings.minprocs,
      nocleanup: settings.nocleanup,
      strip_ansi: settings.stripAnsi,
      childlogdir: settings.childlogdir,
      uid: settings.user?.uid ?? null,
      directory: settings.directory,
      identifier: settings.identifier,
      serverurl: serverUrl,
      environment: settings.environment,
    },
    servers: servers.map((server) => {
      const { section, credentials } = server
      const shared = { section, username: credentials?.username ?? null, password: credentials?.password ?? null }
      if (server.family === 'inet') return { ...shared, host: server.host, port: server.port }
      const chown = server.chown === null ? [-1, -1] : [server.chown.uid, server.chown.gid]
      return { ...shared, file: server.file, chmod: server.chmod, chown }
    }),
    groups: groups.map(groupFields),
    warnings: warnings.map(({ text }) => text),
    infos: infos.map(({ text }) => text),
  }
}

const types = {
  program: 'ProcessGroupConfig',
  eventlistener: 'EventListenerPoolConfig',
  'fcgi-program': 'FastCGIGroupConfig',
}

function groupFields(group: GroupConfig): object {
  const { name, priority, kind, processes } = group
  const shared = { type: types[kind], name, priority, processes: processes.map(processFields) }
  if (kind === 'eventlistener') return { ...shared, events: group.events, buffer_size: group.bufferSize }
  if (kind === 'program') return shared
  const { socket } = group
  const owner = socket.family === 'inet' || socket.owner === null ? null : [socket.owner.uid, socket.owner.gid]
  const mode = socket.family === 'inet' ? null : socket.mode
  return { ...shared, socket: { url: socket.url, backlog: socket.backlog, mode, owner } }
}

const logName = ({ logfile }: ChannelLog): string | null =>
  logfile.kind === 'file' ? logfile.path : logfile.kind === 'auto' ? 'AUTO' : null

const channelFields = (name: string, log: ChannelLog): object => ({
  [`${name}_logfile`]: logName(log),
  [`${name}_capture_maxbytes`]: log.captureMaxBytes,
  [`${name}_events_enabled`]: log.eventsEnabled,
  [`${name}_syslog`]: log.syslog,
  [`${name}_logfile_backups`]: log.backups,
  [`${name}_logfile_maxbytes`]: log.maxBytes,
})

function processFields(process: ProcessConfig): object {
  const { spec } = process
  return {
    name: spec.name,
    uid: process.user?.uid ?? null,
    command: process.command,
    directory: spec.directory ?? null,
    umask: spec.umask ?? null,
    priority: spec.priority,
    autostart: process.autostart,
    autorestart: spec.autorestart,
    startsecs: spec.startsecs,
    startretries: spec.startretries,
    ...channelFields('stdout', process.stdout),
    ...channelFields('stderr', process.stderr),
    stopsignal: process.stopsignal.number,
    stopwaitsecs: process.stopwaitsecs,
    stopasgroup: spec.stopasgroup,
    killasgroup: spec.killasgroup,
    exitcodes: spec.exitcodes,
    redirect_stderr: process.redirectStderr,
    environment: process.environment,
    serverurl: process.serverurl,
  }
}
