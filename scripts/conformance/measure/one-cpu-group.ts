import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { getPriority } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

const NAME = `pidpiper-measure-${process.pid}`

/** The weight of a nice value among groups, as Linux has it among processes: a quarter more or less for each step. */
const shares = (nice: number): number => Math.round(1024 * 1.25 ** -nice)

/**
 * Puts this process, and what it starts, into one CPU group, as in a container. Outside of one Linux schedules every
 * session apart from the others ("autogroup"), and our children have sessions of their own where the real supervisord's
 * have not: on a busy machine the scheduler would be measured. The group weighs what `nice` gave this process. Gives what leaves the group, or null where there is no
 * right to it.
 */
export function joinCpuGroup(): (() => void) | null {
  const own = /^\d+:(?:\w+,)*cpu(?:,\w+)*:(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1]
  if (own === undefined) return null
  const parent = join('/sys/fs/cgroup/cpu', own)
  const group = join(parent, NAME)
  const enter = (folder: string): void => writeFileSync(join(folder, 'cgroup.procs'), `${process.pid}`)
  try {
    mkdirSync(group)
    writeFileSync(join(group, 'cpu.shares'), `${shares(getPriority())}`)
    enter(group)
  } catch {
    return null
  }
  return () => {
    enter(parent)
    rmdirSync(group)
  }
}
