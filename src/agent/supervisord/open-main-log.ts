import { AgentError, codeOf } from '../../domain/errors.ts'
import type { Logs, LogWriter } from '../../engine/log-ports.ts'
import type { SupervisordSettings } from '../../faces/supervisord/config/types.ts'
import { MainLog } from '../../faces/supervisord/main-log/main-log.ts'
import { Followers } from '../../faces/supervisord/output/followers.ts'
import { systemClock } from '../../os/clock.ts'
import { descriptorOf } from '../../os/log-file.ts'

const STDOUT = 1

/** The main log: its file, and stdout where that is a person's (`hasStdout`). Raises UNAVAILABLE where the file cannot be opened. */
export function openMainLog(
  settings: SupervisordSettings,
  logs: Logs,
  hasStdout: boolean,
): { mainLog: MainLog; followers: Followers } {
  const followers = new Followers(systemClock)
  const { logfile, logfileMaxBytes, logfileBackups, loglevel, silent } = settings
  const open = (path: string, maxBytes: number): LogWriter => {
    const unrotated = (reason: string): void =>
      mainLog.line('warn', `cannot rotate ${path}: ${reason}; it grows until that is cured`)
    // That it cannot be written has nowhere to be told; writing is tried again each time.
    const quiet = { problem: () => undefined, ready: () => undefined }
    try {
      return logs.open({ path, maxBytes, backups: logfileBackups, unrotated, ...quiet })
    } catch (cause) {
      throw new AgentError('UNAVAILABLE', `could not open the log file ${path}: ${codeOf(cause)}`, { cause })
    }
  }
  const toSyslog = logfile === 'syslog'
  // With the log itself on stdout every line would be there twice.
  const copies = hasStdout && !silent && descriptorOf(logfile) !== STDOUT
  const mainLog = new MainLog({
    level: loglevel,
    clock: systemClock,
    writers: [...(toSyslog ? [] : [open(logfile, logfileMaxBytes)]), ...(copies ? [open('/dev/stdout', 0)] : [])],
    syslog: toSyslog ? logs.syslog : null,
    written: () => followers.touched(logfile),
  })
  return { mainLog, followers }
}
