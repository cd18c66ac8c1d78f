import process from 'node:process'

/** Time in ms that `work` keeps a CPU busy: unlike the time it takes, the same on a loaded machine. */
export function cpuTime(work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1000
}
