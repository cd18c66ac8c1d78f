// `depends_on`: a key of ours. Names of programs, groups, or `group:process`; here they become groups that wait for groups.
import type { ProcessConfig } from './types.ts'

interface Group {
  readonly name: string
  readonly priority: number
  readonly processes: readonly (Pick<ProcessConfig, 'section' | 'dependsOn'> & {
    readonly spec: { readonly name: string; readonly group: string }
  })[]
}

/** What a name of `depends_on` may be for a process. */
export const isMeant = (wanted: string, { section, spec }: Group['processes'][number]): boolean =>
  wanted === spec.group || wanted === `${spec.group}:${spec.name}` || wanted === section.slice(section.indexOf(':') + 1)

/** For each process, as `group:process`, those that it waits for. */
export function dependencyEdges(groups: readonly Group[]): Map<string, string[]> {
  const processes = groups.flatMap((group) => group.processes)
  const nameOf = ({ spec }: Group['processes'][number]): string => `${spec.group}:${spec.name}`
  return new Map(
    processes.map((process) => {
      const others = process.dependsOn.flatMap((wanted) => processes.filter((other) => isMeant(wanted, other)))
      return [nameOf(process), others.map(nameOf)]
    }),
  )
}

/**
 * The priority by which each group is stopped: its own, but always later in line than those it depends on, so that they
 * outlive it.
 */
export function stopPriorities(groups: readonly Group[]): ReadonlyMap<string, number> {
  const found = new Map(groups.map(({ name, priority }) => [name, priority]))
  const needs = groups.flatMap(({ name, processes }) => {
    const wanted = processes.flatMap(({ dependsOn }) => dependsOn)
    if (wanted.length === 0) return []
    const others = groups.filter((other) => {
      return other.name !== name && other.processes.some((process) => wanted.some((word) => isMeant(word, process)))
    })
    return [{ name, others: others.map((other) => other.name) }]
  })
  // As often as the longest chain can be.
  for (let left = needs.length; left > 0; left--) {
    for (const { name, others } of needs) {
      const least = Math.max(...others.map((other) => (found.get(other) ?? 0) + 1), found.get(name) ?? 0)
      found.set(name, least)
    }
  }
  return found
}
