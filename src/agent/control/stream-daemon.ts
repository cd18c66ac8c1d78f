// The Calculator as supervisord's clients see it: a daemon whose file has no programs, and the Calculator its guest.
import process from 'node:process'
import { AgentError } from '../../domain/errors.ts'
import type { EventRing } from '../../engine/event-ring.ts'
import type { Clock } from '../../engine/ports.ts'
import type { Supervisor } from '../../engine/supervision/supervisor.ts'
import { mainFactory } from '../../faces/supervisord/config/plugins.ts'
import type { PluginConfig, SupervisordConfig } from '../../faces/supervisord/config/types.ts'
import type { Daemon } from '../../faces/supervisord/daemon.ts'
import { EventBus } from '../../faces/supervisord/events/event-bus.ts'
import { Life } from '../../faces/supervisord/life/life.ts'
import { MainLog } from '../../faces/supervisord/main-log/main-log.ts'
import { Followers } from '../../faces/supervisord/output/followers.ts'
import { nodeLogs } from '../../os/logs.ts'
import { measureMemory } from '../../os/memory-use.ts'
import { commandFile } from '../../os/spawn.ts'
import { overriding } from './daemon-views.ts'

export interface StreamDaemonParts {
  readonly clock: Clock
  readonly events: EventRing
  readonly supervisor: Supervisor
  readonly identifier: string
  readonly isLeaving: () => boolean
  /** As SIGTERM and SIGHUP. */
  readonly shutdown: () => void
  readonly reload: () => void
}

/** What `[rpcinterface:supervisor]` says in every configuration. */
export const supervisorInterface: PluginConfig = {
  name: 'supervisor',
  factory: mainFactory,
  options: {},
  place: { file: '', line: 0, column: 0 },
}

/** A reload reads the run document again, a shutdown drains; there is no log file, since the log goes to stderr. */
export function streamDaemon(parts: StreamDaemonParts): Daemon {
  const { clock, supervisor, events, identifier, isLeaving } = parts
  const config = emptyConfig(identifier)
  const life = new Life({
    config,
    supervisor,
    events,
    pid: process.pid,
    load: () => ({ config, problems: [], warnings: [], infos: [] }),
    checkCommand: (spec) => void commandFile(spec),
    groupsOf: () => [],
    openSocket: () => {
      throw new AgentError('SPAWN_ERROR', 'the run document has no sockets for children')
    },
    tools: {
      measureMemory,
      runOneShot: () => {
        throw new AgentError('SPAWN_ERROR', 'the run document has no hooks and no health checks')
      },
    },
    around: {
      settings: config.settings,
      clock,
      logs: nodeLogs(null),
      // The same facts are in the agent's own log.
      mainLog: new MainLog({ level: 'critical', clock, writers: [], syslog: null, written: () => undefined }),
      bus: new EventBus(),
      serials: { next: 0 },
      followers: new Followers(clock),
    },
  })
  life.open()
  const noFile = (): never => {
    throw new AgentError('NO_FILE', 'the log of the agent is its stderr')
  }
  return overriding(life, {
    state: () => (isLeaving() ? 'SHUTDOWN' : 'RUNNING'),
    shutdown: parts.shutdown,
    restart: parts.reload,
    readMainLog: noFile,
    clearMainLog: noFile,
    followMainLog: noFile,
  })
}

const emptyConfig = (identifier: string): SupervisordConfig => ({
  file: '',
  includedFiles: [],
  settings: {
    logfile: '',
    logfileMaxBytes: 0,
    logfileBackups: 0,
    loglevel: 'critical',
    pidfile: '',
    umask: 0o22,
    nodaemon: true,
    silent: true,
    minfds: 0,
    minprocs: 0,
    nocleanup: true,
    stripAnsi: false,
    childlogdir: '',
    user: null,
    directory: null,
    environment: {},
    identifier,
  },
  servers: [],
  serverUrl: null,
  groups: [],
  rpcInterfaces: [supervisorInterface],
  ctlPlugins: [],
})
