import type { LoadedFile } from '../../faces/supervisord/config/load.ts'

/** The Calculator's group is its own: a file that names it, too, has a problem. `group`: CALCULATOR_GROUP. */
export function besideCalculator(loaded: LoadedFile, group: string): LoadedFile {
  const taken = loaded.config?.groups.find(({ name }) => name === group)
  if (taken === undefined) return loaded
  const [first] = taken.processes
  const text = `[${first?.section ?? ''}] is in the group ${group}, which is the Calculator's: CALCULATOR_GROUP gives that another name`
  return { ...loaded, config: null, problems: [{ text, place: first?.place ?? null }] }
}
