// A configuration as it is once read: typed, checked, frozen. Names of fields follow supervisord's keys.
import type { ProgramSpec } from '../../../domain/process/spec.ts'
import type { Place } from '../../../wire/ini.ts'
import type { Account } from './machine.ts'
import type { Owner } from './paths.ts'
import type { SignalValue } from './signals.ts'
import type { Upkeep } from './upkeep.ts'
import type { InetAddress, LogLevel } from './values.ts'

/** What is wrong, or worth telling, in supervisord's words where it has any. */
export interface Notice {
  readonly text: string
  /** Where; null: it concerns the file as a whole. */
  readonly place: Place | null
}

export interface SupervisordSettings {
  /** Absolute, or `syslog`. */
  readonly logfile: string
  /** 0: never rotate. */
  readonly logfileMaxBytes: number
  readonly logfileBackups: number
  readonly loglevel: LogLevel
  /** Absolute. */
  readonly pidfile: string
  readonly umask: number
  readonly nodaemon: boolean
  readonly silent: boolean
  readonly minfds: number
  readonly minprocs: number
  readonly nocleanup: boolean
  readonly stripAnsi: boolean
  readonly childlogdir: string
  readonly user: Account | null
  readonly directory: string | null
  readonly environment: Readonly<Record<string, string>>
  readonly identifier: string
}

interface ServerBase {
  /** The section's name, `inet_http_server` or `unix_http_server:two`. */
  readonly section: string
  /** Null: anybody may call. The password is plain, or `{SHA}` and 40 hexadecimal digits. */
  readonly credentials: { readonly username: string; readonly password: string } | null
}

export type HttpServerConfig =
  | (ServerBase & InetAddress & { readonly family: 'inet' })
  | (ServerBase & {
      readonly family: 'unix'
      /** Absolute. */
      readonly file: string
      readonly chmod: number
      /** Null: the socket stays with whoever starts the agent. */
      readonly chown: Owner | null
    })

export interface ChannelLog {
  /** `auto`: supervisord's own naming in childlogdir. */
  readonly logfile: { readonly kind: 'none' | 'auto' } | { readonly kind: 'file'; readonly path: string }
  /** 0: never rotate. */
  readonly maxBytes: number
  readonly backups: number
  /** Rotated files become `.gz`. */
  readonly compress: boolean
  /** 0: no capture mode. */
  readonly captureMaxBytes: number
  readonly eventsEnabled: boolean
  readonly syslog: boolean
}

export type FcgiSocket = {
  /** `tcp://host:port` or `unix:///path`: what tells two sockets apart. */
  readonly url: string
  /** Null: the system's SOMAXCONN. */
  readonly backlog: number | null
} & (
  | { readonly family: 'inet'; readonly host: string; readonly port: number }
  | { readonly family: 'unix'; readonly path: string; readonly mode: number; readonly owner: Owner | null }
)

/** One process: what its life follows (`spec`), and what else the engine and the faces need of it. */
export interface ProcessConfig {
  readonly spec: ProgramSpec
  /** The section it comes from, `program:x`, and where that begins. */
  readonly section: string
  readonly place: Place
  readonly kind: 'program' | 'eventlistener' | 'fcgi-program'
  /** As getAllConfigInfo shows it: one text, expanded. */
  readonly command: string
  /** The spawnerr of every start, where `command` has no words; then `spec.command` is empty. */
  readonly commandProblem: string | null
  readonly autostart: boolean
  readonly stopsignal: SignalValue
  readonly stopwaitsecs: number
  readonly user: Account | null
  readonly redirectStderr: boolean
  readonly stdout: ChannelLog
  readonly stderr: ChannelLog
  /** What `[supervisord]` and the program add to the agent's environment. */
  readonly environment: Readonly<Record<string, string>>
  /** The program's own; null: AUTO; empty: the child gets no SUPERVISOR_SERVER_URL. */
  readonly serverurl: string | null
  readonly fcgiSocket: FcgiSocket | null
  /** Programs or groups that must be ready first. */
  readonly dependsOn: readonly string[]
  /** Which end of this process ends the agent, with its exit code. */
  readonly exitOn: 'never' | 'fatal' | 'exit'
  /** What each line of its output looks like in its log files. */
  readonly logFormat: 'raw' | 'prefix' | 'json'
  /** HOME, USER and LOGNAME are those of `user`. */
  readonly userEnvironment: boolean
  /** More or fewer processes of the program are a change for these alone. */
  readonly numprocsLive: boolean
  readonly upkeep: Upkeep
}

interface GroupBase {
  readonly name: string
  readonly priority: number
  /** In start order: by priority and name, in a `[group:x]` in the order of `programs`. */
  readonly processes: readonly ProcessConfig[]
}

export type GroupConfig =
  | (GroupBase & { readonly kind: 'program' })
  | (GroupBase & { readonly kind: 'fcgi-program'; readonly socket: FcgiSocket })
  | (GroupBase & {
      readonly kind: 'eventlistener'
      /** Events that wait at most. */
      readonly bufferSize: number
      /** Names of event types, each once, sorted. */
      readonly events: readonly string[]
    })

/** `[rpcinterface:x]` or `[ctlplugin:x]`: a Python entry point, here a name to look up in a table. */
export interface PluginConfig {
  readonly name: string
  readonly factory: string
  /** The section's other keys. */
  readonly options: Readonly<Record<string, string>>
  readonly place: Place
}

export interface SupervisordConfig {
  /** Absolute path of the main file. */
  readonly file: string
  readonly includedFiles: readonly string[]
  readonly settings: SupervisordSettings
  /** TCP servers first, each kind in the order of the file. */
  readonly servers: readonly HttpServerConfig[]
  /** What AUTO means for SUPERVISOR_SERVER_URL: the first unix server, else the first TCP one; null: there is none. */
  readonly serverUrl: string | null
  /** By priority and name: the order in which groups start. */
  readonly groups: readonly GroupConfig[]
  readonly rpcInterfaces: readonly PluginConfig[]
  readonly ctlPlugins: readonly PluginConfig[]
}
