import type { ProgramSpec } from '../../domain/process/spec.ts'

/**
 * What a shutdown stops one after the other: groups by descending priority, those of one priority together, where
 * supervisord takes them singly. A group without a priority of its own has the lowest one of its members: what starts
 * first stops last.
 */
export function shutdownOrder(specs: readonly ProgramSpec[]): ProgramSpec[][] {
  const groups = Map.groupBy(specs, (spec) => spec.group)
  const sorted = [...groups].map(([name, members]) => ({
    name,
    members,
    priority: Math.min(...members.map((spec) => spec.groupPriority ?? spec.priority)),
  }))
  sorted.sort((a, b) => b.priority - a.priority || (a.name < b.name ? 1 : -1))
  const batches = Map.groupBy(sorted, ({ priority }) => priority)
  return [...batches.values()].map((groups) =>
    groups.flatMap(({ members }) => members.toSorted((a, b) => b.priority - a.priority)),
  )
}
