import { readFileSync } from 'node:fs'

/** Where a container sees its own control group: version 2, then version 1. */
const files = ['/sys/fs/cgroup/memory.events', '/sys/fs/cgroup/memory/memory.oom_control']

/** How many processes of this container the kernel has killed for lack of memory; null where that is not to be seen. */
export function outOfMemoryKills(): number | null {
  for (const file of files) {
    try {
      const kills = /^oom_kill (\d+)$/m.exec(readFileSync(file, 'latin1'))?.[1]
      if (kills !== undefined) return Number(kills)
    } catch {
      // Another version, or none.
    }
  }
  return null
}
