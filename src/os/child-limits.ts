// `rlimit_…`: limits that one child has, and the agent has not.
import { AgentError, codeOf } from '../domain/errors.ts'
import type { ProgramSpec, ResourceLimit, ResourceName } from '../domain/process/spec.ts'
import { UNLIMITED, type Libc, type Limit } from './libc.ts'
import { bearsOpenFiles } from './open-files.ts'

/** Numbers of setrlimit, the same on x64 and arm64. */
const numbers = {
  cpu: 0,
  fsize: 1,
  data: 2,
  stack: 3,
  core: 4,
  nproc: 6,
  nofile: 7,
  memlock: 8,
  as: 9,
  sigpending: 11,
} as const satisfies Record<ResourceName, number>

/**
 * Soft limits that the agent itself can bear for the moment of a start, so that the child has them from its first
 * instruction. The others (memory, CPU time) would hit the agent's own threads: the child gets them when exec has
 * succeeded, about a millisecond late.
 */
const bearable: ReadonlySet<ResourceName> = new Set(['core', 'fsize', 'memlock', 'nproc', 'sigpending', 'stack'])

const bytesOf = (value: number | null): bigint => (value === null ? UNLIMITED : BigInt(value))
const limitOf = ({ soft, hard }: ResourceLimit): Limit => ({ soft: bytesOf(soft), hard: bytesOf(hard) })

/** The limit of open files is the program's own. */
export const limitsOpenFiles = ({ limits }: ProgramSpec): boolean =>
  limits?.some(({ resource }) => resource === 'nofile') === true

/** Runs `start` while a child inherits what `limitChild` then completes. Raises SPAWN_ERROR for what is not permitted. */
export function withLimits<T>(libc: Libc | null, { limits = [] }: ProgramSpec, start: () => T): T {
  const [first] = limits
  if (first === undefined) return start()
  if (libc === null) throw new AgentError('SPAWN_ERROR', `rlimit_${first.resource} needs the native part`)
  const changed: (() => void)[] = []
  try {
    for (const wanted of limits) changed.push(lend(libc, wanted))
    return start()
  } finally {
    for (const restore of changed.toReversed()) restore()
  }
}

/** Makes room in the agent's own limit; what comes back undoes it. */
function lend(libc: Libc, wanted: ResourceLimit): () => void {
  const number = numbers[wanted.resource]
  const { soft, hard } = limitOf(wanted)
  const own = libc.limit(0, number)
  // Only root may raise a hard limit, and everybody may take it back.
  const room = hard > own.hard ? hard : own.hard
  const isBearable = wanted.resource === 'nofile' ? bearsOpenFiles(soft) : bearable.has(wanted.resource)
  const lent = { soft: isBearable ? soft : own.soft, hard: room }
  refusing(wanted.resource, () => libc.setLimit(0, number, lent))
  return () => libc.setLimit(0, number, own)
}

/**
 * To be called as the user that the child is, right after its start. Raises SPAWN_ERROR where the child escaped, as a
 * program that becomes another user does; it is to be killed then.
 */
export function limitChild(libc: Libc | null, pid: number, { limits = [] }: ProgramSpec): void {
  if (libc === null) return
  for (const wanted of limits) {
    refusing(wanted.resource, () => libc.setLimit(pid, numbers[wanted.resource], limitOf(wanted)))
  }
}

function refusing(resource: ResourceName, change: () => void): void {
  try {
    change()
  } catch (cause) {
    const code = codeOf(cause)
    // It has ended already.
    if (code === 'ESRCH') return
    throw new AgentError('SPAWN_ERROR', `couldn't set rlimit_${resource}: ${code}`, { cause })
  }
}
