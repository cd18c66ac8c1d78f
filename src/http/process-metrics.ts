// What the agent itself uses, under prom-client's own names for it. prom-client's default set is not taken: it measures
// the event loop a second time, and writes `Nan` where it has nothing.
import { readFileSync, readdirSync } from 'node:fs'
import { getHeapStatistics } from 'node:v8'
import { Counter, Gauge, type Registry } from 'prom-client'

// Linux tells CPU time in hundredths of a second on every platform that Node runs on.
const TICKS_PER_SECOND = 100

interface ProcessMetric {
  readonly kind: 'counter' | 'gauge'
  readonly help: string
  readonly labels?: readonly string[]
  readonly value: () => number
}

const counter = (help: string, value: () => number): ProcessMetric => ({ kind: 'counter', help, value })
const gauge = (help: string, value: () => number): ProcessMetric => ({ kind: 'gauge', help, value })
const read = (path: string): string => readFileSync(path, 'latin1')

// prettier-ignore
export const processMetrics: Readonly<Record<string, ProcessMetric>> = {
  process_cpu_seconds_total: counter('CPU time of the agent, without its children.', () => cpuSeconds(read('/proc/self/stat'))),
  process_resident_memory_bytes: gauge('Resident memory of the agent, without its children.', () => residentBytes(read('/proc/self/status'))),
  process_open_fds: gauge('Open file descriptors of the agent.', () => readdirSync('/proc/self/fd').length),
  nodejs_heap_size_used_bytes: gauge('JavaScript heap in use.', () => getHeapStatistics().used_heap_size),
  nodejs_external_memory_bytes: gauge('Memory of buffers outside the heap.', () => getHeapStatistics().external_memory),
}

/** Registers the metrics; each is read when it is scraped. */
export function registerProcessMetrics(registry: Registry, prefix: string): void {
  for (const [name, { kind, help, value }] of Object.entries(processMetrics)) {
    const made = kind === 'counter' ? Counter : Gauge
    new made({
      name: prefix + name,
      help,
      registers: [registry],
      collect() {
        this.reset()
        this.inc(value())
      },
    })
  }
}

/** utime and stime are fields 14 and 15 of proc_pid_stat(5); the name before them may hold blanks and brackets. */
export function cpuSeconds(stat: string): number {
  const [utime = '', stime = ''] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  return (Number(utime) + Number(stime)) / TICKS_PER_SECOND
}

/** VmRSS of a text of `/proc/<pid>/status`; 0 where it has none. */
export const residentBytes = (status: string): number => Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024
