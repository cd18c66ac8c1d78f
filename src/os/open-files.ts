// What children inherit of our descriptors (nothing) and of their limit, RLIMIT_NOFILE. Node raises its own soft limit
// to the hard one at start, and a child would inherit that: programs that walk through all possible descriptors then
// take minutes.
import { fstatSync, readdirSync, readFileSync } from 'node:fs'
import process from 'node:process'
import { AgentError } from '../domain/errors.ts'
import type { Libc } from './libc.ts'

/** The soft limit that Linux and systemd give by default. */
const USUAL = 1024n
/** A hard limit up to this is harmless as a soft one, and is most likely a limit that a person chose. */
const HARMLESS = 65_536n
/** Descriptors that a start needs beyond the highest one in use. */
const SPARE = 32n

/**
 * The soft limit for children: the one of the process that started the agent, which is what the agent was given. Where
 * there is none to look at (PID 1), the hard limit if it is at most 65,536, else 1024; a child may raise it again.
 */
export function childOpenFiles(libc: Libc, parentLimits: () => string = readParentLimits): bigint {
  const { hard } = libc.openFiles(0)
  const fromParent = /^Max open files\s+(\d+)/m.exec(parentLimits())?.[1]
  const wanted = fromParent !== undefined ? BigInt(fromParent) : hard <= HARMLESS ? hard : USUAL
  return wanted < hard ? wanted : hard
}

/**
 * Runs `start` with our own soft limit lowered, so that the child has it from its first instruction. With descriptors
 * in use near the limit that would make the start fail: then the child gets it right after its start.
 */
export function withOpenFiles<T extends { readonly pid?: number | undefined }>(
  libc: Libc,
  soft: bigint,
  start: () => T,
  highest: () => number = highestDescriptor,
): T {
  const own = libc.openFiles(0)
  if (own.soft <= soft) return start()
  const wanted = { soft, hard: own.hard }
  if (bearsOpenFiles(soft, highest)) {
    libc.setOpenFiles(0, wanted)
    try {
      return start()
    } finally {
      libc.setOpenFiles(0, own)
    }
  }
  const child = start()
  if (child.pid !== undefined) {
    try {
      libc.setOpenFiles(child.pid, wanted)
    } catch {
      // The child is gone already, or became another user: it keeps the larger limit, and the start is a success.
    }
  }
  return child
}

/**
 * Whether a start succeeds under this soft limit. New descriptors fill the gaps between those in use: the highest one of
 * all counts, not of those that were opened for the start.
 */
export const bearsOpenFiles = (soft: bigint, highest = highestDescriptor): boolean => BigInt(highest()) + SPARE < soft

const highestDescriptor = (): number =>
  readdirSync('/proc/self/fd').reduce((highest, fd) => Math.max(highest, Number(fd)), 0)

/**
 * Keeps descriptors that the agent was itself started with away from its children (supervisord closes all from 3 on).
 * Node does that only up to the first gap; what Node opens is closed on exec anyway. Raises UNAVAILABLE without /proc:
 * neither these nor the end of the children could be known.
 */
export function keepDescriptors(libc: Libc, list = '/proc/self/fd'): void {
  for (const fd of descriptors(list)) {
    // The folder's own descriptor is in the list, and closed by now.
    if (fd > 2 && isOpen(fd)) libc.closeOnExec(fd)
  }
}

function descriptors(list: string): number[] {
  try {
    return readdirSync(list).map(Number)
  } catch (cause) {
    const cure = 'mount it: `mount -t proc proc /proc`, or a container runtime that does'
    throw new AgentError('UNAVAILABLE', `cannot read ${list}, the agent needs /proc; ${cure}`, { cause })
  }
}

function isOpen(fd: number): boolean {
  try {
    fstatSync(fd)
    return true
  } catch {
    return false
  }
}

function readParentLimits(): string {
  try {
    return readFileSync(`/proc/${process.ppid}/limits`, 'latin1')
  } catch {
    // PID 1 of a container has no parent that it could see.
    return ''
  }
}
