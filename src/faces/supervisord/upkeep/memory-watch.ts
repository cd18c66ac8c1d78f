// `memory_limit`: looks at regular times how much each program with a limit has, and restarts who has too much.
import type { Clock, Timer } from '../../../engine/ports.ts'
import type { Supervisor } from '../../../engine/supervision/supervisor.ts'
import type { MeasureMemory } from '../../../engine/upkeep-ports.ts'
import type { MainLog } from '../main-log/main-log.ts'

const everyMs = 5000
const megabyte = 1024 ** 2
const nothing: ReadonlyMap<number, number> = new Map()

interface Limited {
  readonly namespec: string
  readonly config: { readonly upkeep: { readonly memoryLimit: number | null } }
}

export interface MemoryWatchParts {
  readonly clock: Pick<Clock, 'arm'>
  readonly supervisor: Supervisor
  readonly measureMemory: MeasureMemory
  readonly mainLog: MainLog
  readonly processes: () => readonly Limited[]
}

/** Returns what ends it. A measurement that fails is told once. */
export function watchMemory(parts: MemoryWatchParts): () => void {
  const { clock, supervisor, measureMemory, mainLog, processes } = parts
  let timer: Timer
  let isOver = false
  const pidOf = (namespec: string): number | null => {
    const snapshot = supervisor.snapshot(namespec)
    return snapshot && ['STARTING', 'RUNNING'].includes(snapshot.state) ? snapshot.pid : null
  }
  let isBlind = false
  const measured = async (pids: readonly number[]): Promise<ReadonlyMap<number, number>> => {
    try {
      return await measureMemory(pids)
    } catch (error) {
      if (!isBlind) mainLog.line('error', `memory_limit has no effect, memory cannot be measured: ${String(error)}`)
      isBlind = true
      return nothing
    }
  }
  const look = async (): Promise<void> => {
    const watched = processes().flatMap(({ namespec, config }) => {
      const limit = config.upkeep.memoryLimit
      const pid = limit === null ? null : pidOf(namespec)
      return limit === null || pid === null ? [] : [{ namespec, pid, limit }]
    })
    const found = watched.length === 0 ? nothing : await measured(watched.map(({ pid }) => pid))
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
