import type { XmlRpcStruct } from '../../../wire/xmlrpc/values.ts'
import type { ConfigInfo } from '../daemon.ts'
import type { ChannelLog } from '../config/types.ts'

// XML-RPC has no word for "not set".
const unset = 'none'

/** One process of the configuration, with supervisord's members (rpcinterface.getAllConfigInfo). */
export function configStruct(info: ConfigInfo): XmlRpcStruct {
  const { group, process, inuse } = info
  const { spec } = process
  return {
    autostart: process.autostart,
    directory: spec.directory ?? unset,
    uid: process.user?.uid ?? unset,
    command: process.command,
    exitcodes: spec.exitcodes,
    group: group.name,
    group_prio: group.priority,
    inuse,
    killasgroup: spec.killasgroup,
    name: spec.name,
    process_prio: spec.priority,
    redirect_stderr: process.redirectStderr,
    startretries: spec.startretries,
    startsecs: spec.startsecs,
    ...channel('stdout', process.stdout, info.stdoutLogfile),
    stopsignal: process.stopsignal.number,
    stopwaitsecs: process.stopwaitsecs,
    ...channel('stderr', process.stderr, info.stderrLogfile),
    serverurl: process.serverurl ?? unset,
  }
}

const channel = (name: 'stdout' | 'stderr', log: ChannelLog, logfile: string | null): XmlRpcStruct => ({
  [`${name}_capture_maxbytes`]: log.captureMaxBytes,
  [`${name}_events_enabled`]: log.eventsEnabled,
  [`${name}_logfile`]: logfile ?? unset,
  [`${name}_logfile_backups`]: log.backups,
  [`${name}_logfile_maxbytes`]: log.maxBytes,
  [`${name}_syslog`]: log.syslog,
})
