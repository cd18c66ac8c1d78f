import type { ProgramSpec } from '../domain/process/spec.ts'

/**
 * The groups in the order in which a shutdown stops them: descending priority, then name, as supervisord reverses its
 * sorted list of groups. A group has the lowest priority of its members: what starts first stops last.
 */
export function shutdownOrder(specs: readonly ProgramSpec[]): ProgramSpec[][] {
  const groups = Map.groupBy(specs, (spec) => spec.group)
  const sorted = [...groups].map(([name, members]) => ({
    name,
    members,
    priority: Math.min(...members.map((spec) => spec.groupPriority ?? spec.priority)),
  }))
  sorted.sort((a, b) => b.priority - a.priority || (a.name < b.name ? 1 : -1))
  return sorted.map(({ members }) => members.toSorted((a, b) => b.priority - a.priority))
}
