import { Hidden, readMemoryUse } from './proc-files.ts'
import { membersOf } from './proc.ts'

/**
 * Resident memory of the process group that `pid` leads, and of everything below it, in bytes; pages that processes
 * share count for each of them. Null where the kernel hides it, or nothing of it is left.
 */
export function groupMemory(pid: number): number | null {
  try {
    const uses = membersOf(pid).flatMap((member) => readMemoryUse(member) ?? [])
    return uses.length === 0 ? null : uses.reduce((sum, bytes) => sum + bytes, 0)
  } catch (error) {
    if (error instanceof Hidden) return null
    throw error
  }
}
