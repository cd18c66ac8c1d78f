// How much memory a child and everything that it started have, from /proc.
import { setImmediate as breathe } from 'node:timers/promises'
import type { MeasureMemory } from '../engine/upkeep-ports.ts'
import { Hidden, listPids, readMemoryUse, readStat } from './proc-files.ts'

/** Files looked at in a row; then the loop has its turn. */
const sliceMs = 5

/** Each child of ours leads a session; what leaves it as a daemon does is not counted. */
export const measureMemory: MeasureMemory = async (leaders) => {
  const sums = new Map<number, number>()
  const wanted = new Set(leaders)
  let since = performance.now()
  for (const pid of listPids()) {
    const leader = attempt(() => readStat(pid)?.session)
    if (leader !== undefined && wanted.has(leader)) {
      const bytes = attempt(() => readMemoryUse(pid))
      if (bytes !== undefined && bytes !== null) sums.set(leader, (sums.get(leader) ?? 0) + bytes)
    }
    if (performance.now() - since <= sliceMs) continue
    await breathe()
    since = performance.now()
  }
  return sums
}

/** Processes of other users may be hidden; those are none of ours. */
function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof Hidden) return undefined
    throw error
  }
}
