// Puts one life of the daemon together: groups first, then its servers, as supervisord does.
import process from 'node:process'
import { AgentError } from '../../domain/errors.ts'
import type { EventRing } from '../../engine/event-ring.ts'
import type { Logs } from '../../engine/log-ports.ts'
import type { Supervisor } from '../../engine/supervision/supervisor.ts'
import type { LoadedFile } from '../../faces/supervisord/config/load.ts'
import type { Machine } from '../../faces/supervisord/config/machine.ts'
import type { SupervisordConfig } from '../../faces/supervisord/config/types.ts'
import { EventBus, type Serials } from '../../faces/supervisord/events/event-bus.ts'
import type { ConfigInfo } from '../../faces/supervisord/daemon.ts'
import { Life, type LifeParts } from '../../faces/supervisord/life/life.ts'
import type { MainLog } from '../../faces/supervisord/main-log/main-log.ts'
import { clearAutoLogs } from '../../faces/supervisord/output/auto-logs.ts'
import type { Followers } from '../../faces/supervisord/output/followers.ts'
import { openServers } from '../../faces/supervisord/rpc/servers.ts'
import { systemClock } from '../../os/clock.ts'
import type { Libc } from '../../os/libc.ts'
import { openListeningSocket } from '../../os/listening-socket.ts'
import { measureMemory } from '../../os/memory-use.ts'
import { oneShots } from '../../os/one-shot.ts'
import { commandFile } from '../../os/spawn.ts'

export interface OpenLifeParts extends Pick<LifeParts, 'companion'> {
  readonly config: SupervisordConfig
  readonly load: () => LoadedFile
  readonly machine: Machine
  readonly libc: Libc | null
  readonly supervisor: Supervisor
  readonly events: EventRing
  readonly logs: Logs
  readonly mainLog: MainLog
  readonly followers: Followers
  readonly serials: Serials
}

export interface OpenLife {
  readonly life: Life
  /** Closes its servers. */
  readonly close: () => Promise<void>
}

/** Raises UNAVAILABLE or SPAWN_ERROR for a socket that cannot be opened. */
export async function openLife(parts: OpenLifeParts): Promise<OpenLife> {
  const { config, libc, logs, mainLog, followers, serials, machine } = parts
  const { settings } = config
  const life = new Life({
    ...parts,
    pid: process.pid,
    around: { settings, clock: systemClock, logs, mainLog, bus: new EventBus(), serials, followers },
    checkCommand: (spec) => void commandFile(spec),
    tools: { runOneShot: oneShots(libc), measureMemory },
    groupsOf: (account) => machine.groupsOf(account),
    openSocket: (socket) => {
      if (libc === null) throw new AgentError('SPAWN_ERROR', 'sockets for children need the native part')
      return openListeningSocket(libc, socket)
    },
  })
  const { childlogdir, identifier, nocleanup } = settings
  const clear = (belongs: (path: string) => boolean): void =>
    clearAutoLogs(childlogdir, identifier, belongs, (text) => mainLog.line('warn', text))
  try {
    life.open()
    const servers = await openServers({
      servers: config.servers,
      rpcInterfaces: config.rpcInterfaces,
      daemon: life,
      log: (level, text) => mainLog.line(level, text),
    })
    const own = new Set(life.processes().flatMap(({ stdoutLogfile, stderrLogfile }) => [stdoutLogfile, stderrLogfile]))
    if (!nocleanup) clear((path) => !own.has(path))
    return { life, close: () => servers.close() }
  } catch (error) {
    // Nothing has written to them, and a start that is tried for ever would leave more and more.
    const own = new Set(life.configs().flatMap(autoLogs))
    clear((path) => own.has(path))
    throw error
  }
}

/** The logs of a program that have names of ours; others only look so. */
const autoLogs = ({ process, stdoutLogfile, stderrLogfile }: ConfigInfo): readonly (string | null)[] => [
  ...(process.stdout.logfile.kind === 'auto' ? [stdoutLogfile] : []),
  ...(process.stderr.logfile.kind === 'auto' ? [stderrLogfile] : []),
]
