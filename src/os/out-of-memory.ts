import { readFileSync } from 'node:fs'

const CGROUPS = '/sys/fs/cgroup'

/**
 * How many processes of this container the kernel has killed for lack of memory; null where that is not to be seen.
 * The agent's own control group is asked first, of version 2 or 1; where its path is not mounted, as in most
 * containers, the root of the mount is the container's.
 */
export function outOfMemoryKills(read: (path: string) => string = readLatin1): number | null {
  for (const file of files(tried(read, '/proc/self/cgroup') ?? '')) {
    const kills = /^oom_kill (\d+)$/m.exec(tried(read, file) ?? '')?.[1]
    if (kills !== undefined) return Number(kills)
  }
  return null
}

/** @param own what /proc/self/cgroup says: lines of `number:controllers:path`, of version 2 without controllers */
function files(own: string): string[] {
  const groups = own.split('\n').map((line) => /^\d+:([^:]*):(.*)$/.exec(line) ?? [])
  const versions = groups.flatMap(([, controllers, path = '']) => {
    if (controllers === undefined) return []
    if (controllers.split(',').includes('memory')) return [`${CGROUPS}/memory${path}/memory.oom_control`]
    return controllers === '' ? [`${CGROUPS}${path}/memory.events`] : []
  })
  return [...versions, `${CGROUPS}/memory.events`, `${CGROUPS}/memory/memory.oom_control`]
}

/** Null: another version, another path, or none at all. */
function tried(read: (path: string) => string, path: string): string | null {
  try {
    return read(path)
  } catch {
    return null
  }
}

const readLatin1 = (path: string): string => readFileSync(path, 'latin1')
