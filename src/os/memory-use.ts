// How much memory children and what they started have, from /proc. Pages that processes share count for each of them.
import { setImmediate as breathe } from 'node:timers/promises'
import type { MeasureMemory } from '../engine/upkeep-ports.ts'
import { Hidden, listPids, readMemoryUse, readStat } from './proc-files.ts'
import { membersOf } from './proc.ts'

/** Files looked at in a row; then the loop has its turn. */
const SLICE_MS = 5

/**
 * Resident memory of the process group that `pid` leads, and of everything below it, in bytes. Null where the kernel
 * hides it, or nothing of it is left.
 */
export function groupMemory(pid: number): number | null {
  const uses = unlessHidden(() => membersOf(pid).flatMap((member) => readMemoryUse(member) ?? [])) ?? []
  return uses.length === 0 ? null : uses.reduce((sum, bytes) => sum + bytes, 0)
}

/** Many children in one pass. Each of ours leads a session; what leaves it as a daemon does is not counted. */
export const measureMemory: MeasureMemory = async (leaders) => {
  const sums = new Map<number, number>()
  const wanted = new Set(leaders)
  let since = performance.now()
  for (const pid of listPids()) {
    const leader = unlessHidden(() => readStat(pid)?.session) ?? 0
    const bytes = wanted.has(leader) ? unlessHidden(() => readMemoryUse(pid)) : null
    if (bytes !== null) sums.set(leader, (sums.get(leader) ?? 0) + bytes)
    if (performance.now() - since <= SLICE_MS) continue
    await breathe()
    since = performance.now()
  }
  return sums
}

/** Null for what may not be seen: processes of other users may be hidden; those are none of ours. */
function unlessHidden<T>(read: () => T): T | null {
  try {
    return read()
  } catch (error) {
    if (error instanceof Hidden) return null
    throw error
  }
}
