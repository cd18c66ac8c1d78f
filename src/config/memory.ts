// The default of BUFFER_BYTES: a share of the memory that the container may use.
import type { Machine } from './machine.ts'

const most = 64 * 2 ** 20
const root = '/sys/fs/cgroup'

/** The smaller of 64 MiB and a quarter of the cgroup's memory limit (v1 or v2), in bytes. */
export function defaultBufferBytes(machine: Machine): number {
  return Math.min(most, ...limits(machine).map((limit) => Math.floor(limit / 4)))
}

/** Every limit from the agent's own cgroup up to the root, in bytes: the smallest is the one that counts. */
function limits(machine: Machine): number[] {
  const own = lines(machine, '/proc/self/cgroup').map((line) => line.split(':'))
  const files = own.flatMap(([, controllers = '', path = '']) => {
    if (controllers === '') return upwards(path).map((folder) => `${root}${folder}memory.max`)
    if (!controllers.split(',').includes('memory')) return []
    return upwards(path).map((folder) => `${root}/memory${folder}memory.limit_in_bytes`)
  })
  return files.flatMap((file) => lines(machine, file)).flatMap((word) => (/^\d+$/.test(word) ? [Number(word)] : []))
}

/** `/a/b` → `/`, `/a/`, `/a/b/`. The root stands for the container where its own path is not mounted. */
function upwards(path: string): string[] {
  const folders = ['/']
  for (const word of path.split('/').filter((word) => word !== '')) folders.push(`${folders.at(-1) ?? ''}${word}/`)
  return folders
}

const lines = (machine: Machine, path: string): string[] => {
  try {
    return machine.read(path).trim().split('\n')
  } catch {
    // A limit that cannot be read is no limit: the file is missing at the root of v2 and without cgroups.
    return []
  }
}
