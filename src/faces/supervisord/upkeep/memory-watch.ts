// `memory_limit`: looks at regular times how much each program with a limit has, and restarts who has too much.
import type { Timer } from '../../../engine/ports.ts'
import type { Supervisor } from '../../../engine/supervisor.ts'
import type { MeasureMemory } from '../../../engine/upkeep-ports.ts'
import type { Clock } from '../../../engine/ports.ts'

const everyMs = 5000
const megabyte = 1024 ** 2

interface Limited {
  readonly namespec: string
  readonly config: { readonly upkeep: { readonly memoryLimit: number | null } }
}

export interface MemoryWatchParts {
  readonly clock: Pick<Clock, 'arm'>
  readonly supervisor: Supervisor
  readonly measureMemory: MeasureMemory
  readonly processes: () => readonly Limited[]
}

/** Returns what ends it. */
export function watchMemory({ clock, supervisor, measureMemory, processes }: MemoryWatchParts): () => void {
  let timer: Timer
  let isOver = false
  const pidOf = (namespec: string): number | null => {
    const snapshot = supervisor.snapshot(namespec)
    return snapshot && ['STARTING', 'RUNNING'].includes(snapshot.state) ? snapshot.pid : null
  }
  const look = async (): Promise<void> => {
    const watched = processes().flatMap(({ namespec, config }) => {
      const limit = config.upkeep.memoryLimit
      const pid = limit === null ? null : pidOf(namespec)
      return limit === null || pid === null ? [] : [{ namespec, pid, limit }]
    })
    const found = watched.length === 0 ? new Map<number, number>() : await measureMemory(watched.map(({ pid }) => pid))
    for (const { namespec, pid, limit } of watched) {
      const bytes = found.get(pid) ?? 0
      // It may have got another child meanwhile, which is innocent.
      if (bytes <= limit || isOver || pidOf(namespec) !== pid) continue
      supervisor.restart(namespec, `memory of ${inMegabytes(bytes)} is over memory_limit ${inMegabytes(limit)}`)
    }
    if (!isOver) again()
  }
  const again = (): void => {
    timer = clock.arm(everyMs, () => void look())
  }
  again()
  return () => {
    isOver = true
    timer.cancel()
  }
}

const inMegabytes = (bytes: number): string => `${(bytes / megabyte).toFixed(1)}MB`
