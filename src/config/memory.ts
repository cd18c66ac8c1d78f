// What the container may use of memory and of processes, and the default of BUFFER_BYTES: a share of that memory.
import type { Machine } from './machine.ts'

const BUFFER_BYTES_MAX = 64 * 2 ** 20
/** Version 1 writes a huge number where there is no limit. */
const NO_LIMIT = 2 ** 50
const CGROUPS = '/sys/fs/cgroup'

/** The smaller of 64 MiB and a quarter of the cgroup's memory limit (v1 or v2), in bytes. */
export const defaultBufferBytes = (machine: Machine): number =>
  Math.min(BUFFER_BYTES_MAX, Math.floor((memoryLimit(machine) ?? Infinity) / 4))

/** Bytes that the container may use; null: no limit. */
export function memoryLimit(machine: Machine): number | null {
  const limits = cgroupNumbers(machine, 'memory', { v2: 'memory.max', v1: 'memory.limit_in_bytes' })
  const least = Math.min(...limits)
  return least < NO_LIMIT ? least : null
}

/** Processes and threads that the container may still start; null: no limit. */
export function processesLeft(machine: Machine): number | null {
  const [limit] = cgroupNumbers(machine, 'pids', { v2: 'pids.max', v1: 'pids.max' }).sort((a, b) => a - b)
  const used = cgroupNumbers(machine, 'pids', { v2: 'pids.current', v1: 'pids.current' }).at(-1)
  return limit === undefined ? null : limit - (used ?? 0)
}

/** What a file says, from the root down to the agent's own cgroup: of limits the smallest is the one that counts. */
function cgroupNumbers(
  machine: Machine,
  controller: string,
  file: { readonly v1: string; readonly v2: string },
): number[] {
  const own = lines(machine, '/proc/self/cgroup').map((line) => line.split(':'))
  const files = own.flatMap(([, controllers = '', path = '']) => {
    if (controllers === '') return upwards(path).map((folder) => `${CGROUPS}${folder}${file.v2}`)
    if (!controllers.split(',').includes(controller)) return []
    return upwards(path).map((folder) => `${CGROUPS}/${controller}${folder}${file.v1}`)
  })
  return files.flatMap((path) => lines(machine, path)).flatMap((word) => (/^\d+$/.test(word) ? [Number(word)] : []))
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
