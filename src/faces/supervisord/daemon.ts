// What the outer parts of the face (XML-RPC, page, log tails) know of the daemon: questions and commands in the engine's
// words. Each command raises or rejects with an AgentError, whose code names supervisord's fault.
import type { AgentError } from '../../domain/errors.ts'
import type { ProcessState } from '../../domain/process/state.ts'
import type { Millis } from '../../domain/time.ts'
import type { Difference } from './config/difference.ts'
import type { Health } from './upkeep/health-monitor.ts'
import type { GroupConfig, ProcessConfig } from './config/types.ts'

/** supervisord: states.SupervisorStates. */
export type DaemonState = 'FATAL' | 'RUNNING' | 'RESTARTING' | 'SHUTDOWN'

export const daemonStateCode = { FATAL: 2, RUNNING: 1, RESTARTING: 0, SHUTDOWN: -1 } as const satisfies Record<
  DaemonState,
  number
>

/** supervisord: states.ProcessStates. */
export const processStateCode = {
  STOPPED: 0,
  STARTING: 10,
  RUNNING: 20,
  BACKOFF: 30,
  STOPPING: 40,
  EXITED: 100,
  FATAL: 200,
  UNKNOWN: 1000,
} as const satisfies Record<ProcessState, number>

/** supervisord: states.STOPPED_STATES. Nothing more can be done about a child that is UNKNOWN. */
export const stoppedStates: readonly ProcessState[] = ['STOPPED', 'EXITED', 'FATAL', 'UNKNOWN']

export type LogChannel = 'stdout' | 'stderr'

/** One process at the instant `now`; instants are ms since the epoch. */
export interface ProcessInfo {
  readonly name: string
  readonly group: string
  readonly state: ProcessState
  /** Last start, and last end; null for never. */
  readonly startedAt: Millis | null
  readonly stoppedAt: Millis | null
  readonly now: Millis
  /** Empty: nothing went wrong. */
  readonly spawnerr: string
  /** Of the last end: 0 … 255, -1 for a death by signal; 0 since the start of a process that lives, or never lived. */
  readonly exitstatus: number
  /** Null: it has no child. */
  readonly pid: number | null
  /** Of a process that is RUNNING and checked. */
  readonly health?: Health
  /** Paths; empty where the channel has no log of its own. An AUTO log has its real name. */
  readonly stdoutLogfile: string
  readonly stderrLogfile: string
}

/** One process of the configuration that was read last, which need not be the one in force. */
export interface ConfigInfo {
  readonly group: GroupConfig
  readonly process: ProcessConfig
  /** A group of that name is active. */
  readonly inuse: boolean
  /** Path; `auto` while an AUTO log has no file yet; null: no log. */
  readonly stdoutLogfile: string | null
  readonly stderrLogfile: string | null
}

/** What became of one process of a command for many. */
export interface Outcome {
  readonly name: string
  readonly group: string
  /** Null: success. */
  readonly error: AgentError | null
}

export interface GroupInfo {
  readonly name: string
  readonly priority: number
  /** Names of its processes, sorted. */
  readonly processes: readonly string[]
}

/** A piece of a log as supervisord: options.tailFile gives it. */
export interface TailedLog {
  readonly bytes: Uint8Array
  /** Size of the log. */
  readonly offset: number
  /** The log has more bytes than were asked for. */
  readonly overflow: boolean
}

/** Follows a log over truncations and rotations; it keeps no bytes back, so that a slow reader costs no memory. */
export interface LogFollower {
  /** Of the file at the start, ms since the epoch: for Last-Modified. */
  readonly modifiedAt: Millis
  /**
   * The next bytes, at most 64 KiB; waits for some. The first are the last 1024 bytes of the log. A truncation is told
   * within, as `==> File truncated <==`. Null: closed, or the process was removed. One call at a time.
   */
  next(): Promise<Uint8Array | null>
  close(): void
}

export interface Waiting {
  /** Resolve only when the process is RUNNING, or stopped; false: when the command was given. */
  readonly wait: boolean
}

/**
 * One life of supervisord, from a configuration read to the end or to the next reload. A process is named
 * `group:process`, or by its bare name where both are equal; `splitNamespec` (namespec.ts) tells names of groups apart.
 * While the state is SHUTDOWN or RESTARTING every command rejects with SHUTDOWN_STATE, sendRemoteCommEvent excepted.
 */
export interface Daemon {
  readonly identifier: string
  readonly pid: number
  state(): DaemonState
  /** Ms since the epoch. */
  now(): Millis

  // ---- questions
  /** Sorted by group name, then process name. */
  processes(): readonly ProcessInfo[]
  /** Raises BAD_NAME, also for the name of a group. */
  process(namespec: string): ProcessInfo
  /** Sorted by name. */
  groups(): readonly GroupInfo[]
  /** Sorted by process name. */
  configs(): readonly ConfigInfo[]

  // ---- processes
  /**
   * Rejects with BAD_NAME, NO_FILE, NOT_EXECUTABLE, ALREADY_STARTED, SPAWN_ERROR, ABNORMAL_TERMINATION, FAILED.
   * supervisord: rpcinterface.startProcess.
   */
  startProcess(namespec: string, options: Waiting): Promise<void>
  /** Rejects with BAD_NAME, NOT_RUNNING, FAILED. supervisord: rpcinterface.stopProcess. */
  stopProcess(namespec: string, options: Waiting): Promise<void>
  /** Raises BAD_NAME, BAD_SIGNAL, NOT_RUNNING, FAILED. `signal`: a name with or without SIG, or a number. */
  signalProcess(namespec: string, signal: string): void
  /**
   * Those that are not up, by priority and together. Outcomes in the order in which they became known.
   * Rejects with BAD_NAME where there is no such group.
   */
  startGroup(group: string, options: Waiting): Promise<readonly Outcome[]>
  startAll(options: Waiting): Promise<readonly Outcome[]>
  /** Those that are up. */
  stopGroup(group: string, options: Waiting): Promise<readonly Outcome[]>
  stopAll(options: Waiting): Promise<readonly Outcome[]>
  /** Those that have a child; a wrong signal is an outcome of each. */
  signalGroup(group: string, signal: string): readonly Outcome[]
  signalAll(signal: string): readonly Outcome[]
  /** Rejects with BAD_NAME, NOT_RUNNING, NO_FILE (stdin is closed), FAILED (it does not read, and too much waits). */
  sendStdin(namespec: string, bytes: Uint8Array): Promise<void>

  // ---- configuration
  /** Reads the files again; nothing is applied. Raises CANT_REREAD with the parser's message as subject. */
  reread(): Difference
  /** From the configuration read last; also `group:process`, as `reread` names it. Raises ALREADY_ADDED, BAD_NAME. */
  addGroup(name: string): void
  /** Also `group:process`, as `reread` names it. Raises BAD_NAME, STILL_RUNNING. */
  removeGroup(name: string): void

  // ---- the daemon itself
  /** The state changes before it returns; what stops is stopped afterwards, so that an answer can still be sent. */
  shutdown(): void
  /** Raises CANT_REREAD where the files are broken, and everything stays: supervisord would end with an error. */
  restart(): void
  /** Emits REMOTE_COMMUNICATION. */
  sendRemoteCommEvent(type: string, data: string): void

  // ---- logs
  /**
   * A negative `offset` with `length` 0: the last bytes; `length` 0: from `offset` to the end.
   * Raises BAD_NAME, BAD_ARGUMENTS, NO_FILE, FAILED. supervisord: options.readFile.
   */
  readLog(namespec: string, channel: LogChannel, offset: number, length: number): Uint8Array
  /** Raises BAD_NAME; a log that is not there is empty. supervisord: options.tailFile. */
  tailLog(namespec: string, channel: LogChannel, offset: number, length: number): TailedLog
  /** Both channels. Raises BAD_NAME, FAILED. */
  clearLogs(namespec: string): void
  clearAllLogs(): readonly Outcome[]
  /** Raises BAD_NAME, NO_FILE. */
  followLog(namespec: string, channel: LogChannel): LogFollower
  /** Raises BAD_ARGUMENTS, NO_FILE, FAILED. */
  readMainLog(offset: number, length: number): Uint8Array
  /** Raises NO_FILE, FAILED. */
  clearMainLog(): void
  /** Raises NO_FILE. */
  followMainLog(): LogFollower
}
