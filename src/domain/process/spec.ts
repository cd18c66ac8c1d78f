import type { Millis } from '../time.ts'

/** What a stop does next, and how long it waits for the child to die before the step after it. */
export interface StopStep {
  /** `eof` closes the child's stdin; anything else is a signal name such as `SIGTERM`. */
  readonly action: 'eof' | Signal
  readonly wait: Millis
}

export type Signal = `SIG${string}`

/**
 * How starts that fail are spaced.
 * `linear`: supervisord's 1 s, 2 s, 3 s …, at most `max`; a restart after an exit comes `restartDelay` after it.
 * `progress`: at once, then 0.5 s ×2 up to `max`; a run that made progress, or that lasted `max`, starts the count anew,
 * and a run without progress counts as a failed start even when it reached RUNNING.
 */
export type Backoff =
  | { readonly kind: 'linear'; readonly max?: Millis; readonly restartDelay?: Millis }
  | {
      readonly kind: 'progress'
      readonly max: Millis
      /** An expected exit is progress too, and followed by the next start this long after the last one at the earliest. */
      readonly floor?: Millis
    }

export const resources = [
  'as',
  'core',
  'cpu',
  'data',
  'fsize',
  'memlock',
  'nofile',
  'nproc',
  'sigpending',
  'stack',
] as const

/** One of the system's limits per process (setrlimit): bytes, seconds or a number; null is no limit. */
export interface ResourceLimit {
  readonly resource: ResourceName
  readonly soft: number | null
  readonly hard: number | null
}

export type ResourceName = (typeof resources)[number]

/** Frozen configuration of one process; fields are named, and mean, as in supervisord. Durations named `…secs` are seconds. */
export interface ProgramSpec {
  readonly name: string
  readonly group: string
  /** argv; the first word is a path if it has a slash, else it is looked up in the child's PATH. */
  readonly command: readonly string[]
  readonly directory?: string
  readonly umask?: number
  /** The child's whole environment. */
  readonly environment: Readonly<Record<string, string>>
  readonly priority: number
  /** Of the group it is in; absent: the lowest priority among its members. */
  readonly groupPriority?: number
  /** Who the child becomes; only an agent that runs as root can do that. */
  readonly user?: { readonly uid: number; readonly gid: number; readonly groups: readonly number[] }
  /** Its stdout is a terminal instead of a pipe; not together with `stderr`. */
  readonly stdout?: 'pty'
  /** What becomes of its stderr: lines in the agent's log (absent), bytes for the owner, or the same pipe as stdout. */
  readonly stderr?: 'bytes' | 'stdout'
  /** Why `command` has no words; the spawnerr of every start. */
  readonly commandProblem?: string
  readonly autorestart: boolean | 'unexpected'
  readonly startsecs: number
  /** RUNNING when it says that it is ready, however long that takes, instead of after `startsecs`. */
  readonly ready?: 'told'
  /** The variable that tells a child which start it is, from 1, since one last did its work. */
  readonly startVariable?: string
  /** It has a control channel (its descriptor 3), and where `notify` says so a socket for sd_notify(3). */
  readonly control?: { readonly notify: boolean }
  /** -1: for ever. */
  readonly startretries: number
  readonly exitcodes: readonly number[]
  readonly backoff: Backoff
  /** At least one step; the last one is repeated until the child is dead. supervisord: [stopsignal, SIGKILL]. */
  readonly stop: readonly StopStep[]
  /** Signals of a stop go to the whole process group. */
  readonly stopasgroup: boolean
  readonly killasgroup: boolean
  /** After the child died, what is left of its process group is killed. */
  readonly sweepgroup: boolean
  /** Its owner has something to do before each start, which takes time. */
  readonly prepares?: boolean
  /** What the child may use at most; anything else as the agent has it. */
  readonly limits?: readonly ResourceLimit[]
}

/** `group:process`, or the bare name where both are equal (supervisord: make_namespec). */
export const namespec = (spec: Pick<ProgramSpec, 'group' | 'name'>): string =>
  spec.group === spec.name ? spec.name : `${spec.group}:${spec.name}`
