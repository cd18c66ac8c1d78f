// What the agent itself uses, under prom-client's own names for it. prom-client's default set is not taken: it measures
// the event loop a second time, and writes `Nan` where it has nothing.
import { readFileSync, readdirSync } from 'node:fs'
import { getHeapStatistics } from 'node:v8'
import { Counter, Gauge, type Registry } from 'prom-client'

// Linux tells CPU time in hundredths of a second on every platform that Node runs on.
const TICKS_PER_SECOND = 100

/** Registers the metrics; each is read when it is scraped. */
export function registerProcessMetrics(registry: Registry, prefix: string): void {
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name: prefix + name,
      help,
      registers: [registry],
      collect() {
        this.set(value())
      },
    })
  }
  new Counter({
    name: `${prefix}process_cpu_seconds_total`,
    help: 'CPU time of the agent, without its children.',
    registers: [registry],
    collect() {
      this.reset()
      this.inc(cpuSeconds(readFileSync('/proc/self/stat', 'latin1')))
    },
  })
  gauge('process_resident_memory_bytes', 'Resident memory of the agent, without its children.', () =>
    residentBytes(readFileSync('/proc/self/status', 'latin1')),
  )
  gauge('process_open_fds', 'Open file descriptors of the agent.', () => readdirSync('/proc/self/fd').length)
  gauge('nodejs_heap_size_used_bytes', 'JavaScript heap in use.', () => getHeapStatistics().used_heap_size)
  gauge(
    'nodejs_external_memory_bytes',
    'Memory of buffers outside the heap.',
    () => getHeapStatistics().external_memory,
  )
}

/** utime and stime are fields 14 and 15 of proc_pid_stat(5); the name before them may hold blanks and brackets. */
export function cpuSeconds(stat: string): number {
  const [utime = '', stime = ''] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
  return (Number(utime) + Number(stime)) / TICKS_PER_SECOND
}

export const residentBytes = (status: string): number => Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024
