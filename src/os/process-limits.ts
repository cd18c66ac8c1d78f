// The limits that supervisord guarantees: `minfds` and `minprocs` (supervisord: ServerOptions.set_rlimits_or_exit).
import { UNLIMITED, type Libc, type Limit } from './libc.ts'

export interface Wanted {
  readonly minfds: number
  readonly minprocs: number
}

/** What a limit is now, which the message of a refusal needs. */
export interface Refused {
  readonly limit: 'RLIMIT_NOFILE' | 'RLIMIT_NPROC'
  readonly wanted: number
  readonly hard: string
}

export interface Raised {
  /** Names of limits that were too low. */
  readonly increased: readonly { readonly limit: string; readonly to: number }[]
  /** The soft limit of open files that children get. */
  readonly childFiles: bigint
}

/**
 * Raises what is too low.
 * @param inherited the soft limit of open files that this process was started with; Node has raised its own since
 */
export function raiseLimits(libc: Libc, { minfds, minprocs }: Wanted, inherited: bigint): Raised | Refused {
  const increased: { limit: string; to: number }[] = []
  const files = libc.openFiles(0)
  const least = BigInt(minfds)
  if (files.hard < least && !tried(() => libc.setOpenFiles(0, { soft: least, hard: least }))) {
    return { limit: 'RLIMIT_NOFILE', wanted: minfds, hard: shown(files.hard) }
  }
  if (inherited < least) increased.push({ limit: 'RLIMIT_NOFILE', to: minfds })
  const processes = libc.processes()
  const wanted = BigInt(minprocs)
  if (processes.soft < wanted) {
    const hard = processes.hard < wanted ? wanted : processes.hard
    if (!tried(() => libc.setProcesses({ soft: wanted, hard }))) {
      return { limit: 'RLIMIT_NPROC', wanted: minprocs, hard: shown(processes.hard) }
    }
    increased.push({ limit: 'RLIMIT_NPROC', to: minprocs })
  }
  return { increased, childFiles: inherited < least ? least : inherited }
}

const shown = (limit: Limit['hard']): string => (limit === UNLIMITED ? '-1' : String(limit))

function tried(change: () => void): boolean {
  try {
    change()
    return true
  } catch {
    // Only root may raise a hard limit.
    return false
  }
}
