// What becomes of a child's stdout or stderr: the keys `stdout_…` and `stderr_…`.
import type { Machine } from './machine.ts'
import type { Logfile } from './paths.ts'
import { logfile } from './paths.ts'
import type { SectionReader } from './section-reader.ts'
import type { ChannelLog } from './types.ts'
import { boolean, byteSize, integer } from './values.ts'

export type Channel = 'stdout' | 'stderr'

/** What does not differ between the processes of a program. */
export type ChannelBasics = Pick<ChannelLog, 'captureMaxBytes' | 'eventsEnabled'>

/** Reads them from the section of the program; what is wrong is noted in the book. */
export function readChannelBasics(reader: SectionReader, channel: Channel): ChannelBasics {
  const captureMaxBytes = reader.read(`${channel}_capture_maxbytes`, 0, byteSize)
  return { captureMaxBytes, eventsEnabled: reader.read(`${channel}_events_enabled`, false, boolean) }
}

const megabyte = 1024 ** 2

/**
 * The log of one process (supervisord: _processes_from_section).
 * @param reader knows `process_num` and the program's own environment
 */
export function readChannelLog(
  reader: SectionReader,
  channel: Channel,
  basics: ChannelBasics,
  machine: Machine,
): ChannelLog {
  const file = readLogfile(reader, `${channel}_logfile`, machine)
  const backups = reader.read(`${channel}_logfile_backups`, 10, integer)
  const maxBytes = reader.read(`${channel}_logfile_maxbytes`, 50 * megabyte, byteSize)
  const syslog = reader.read(`${channel}_syslog`, false, boolean)
  const compress = reader.read(`${channel}_logfile_compress`, false, boolean)
  const place = reader.find(`${channel}_logfile`)?.place
  const section = reader.section.name
  if (file.kind === 'syslog') {
    const advice = `Use ${channel}_syslog=true to enable syslog instead.`
    reader.warn(
      `For [${section}], ${channel}_logfile=syslog but this is deprecated and will be removed.  ${advice}`,
      place,
    )
    return { ...basics, logfile: { kind: 'none' }, maxBytes, backups, compress, syslog: true }
  }
  if (file.kind === 'auto' && maxBytes === 0) {
    const advice = 'set maxbytes > 0 to avoid filling up filesystem unintentionally'
    reader.warn(`For [${section}], AUTO logging used for ${channel}_logfile without rollover, ${advice}`, place)
  }
  // The spread of a union keeps `kind` and `path` together.
  const target = file.kind === 'file' ? file : { kind: file.kind }
  return { ...basics, logfile: target, maxBytes, backups, compress, syslog }
}

/** With `redirect_stderr` there is no second channel to log. */
export function withoutLogfile(reader: SectionReader, log: ChannelLog): ChannelLog {
  if (log.logfile.kind === 'file') {
    const text =
      'redirect_stderr=true but stderr_logfile has also been set to a filename, the filename has been ignored'
    reader.warn(`For [${reader.section.name}], ${text}`, reader.find('stderr_logfile')?.place)
  }
  return { ...log, logfile: { kind: 'none' } }
}

/** supervisord expands this value twice, so a percent sign is written `%%%%`. */
function readLogfile(reader: SectionReader, key: string, machine: Machine): Logfile {
  const value = reader.find(key)
  if (value === undefined) return { kind: 'auto' }
  return reader.attempt(value.place, { kind: 'auto' } as const, () => {
    const once = { ...value, text: reader.expand(value) }
    return logfile(machine)(reader.expand(once, undefined, key))
  })
}
