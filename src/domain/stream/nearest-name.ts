/** The name that was probably meant, or null. Case, `_` and `-` count for nothing; up to a third may be mistyped. */
export function nearestName(typed: string, names: readonly string[]): string | null {
  if (typed.length > 40) return null
  const ranked = names
    .map((name) => ({ name, edits: edits(plain(typed), plain(name)) }))
    .sort((one, other) => one.edits - other.edits)
  const best = ranked[0]
  if (best === undefined) return null
  return best.edits <= Math.max(1, Math.floor(best.name.length / 3)) ? best.name : null
}

const plain = (name: string): string => name.toLowerCase().replace(/[_-]/g, '')

/** Levenshtein's distance: letters to add, drop or change until `one` is `other`. */
function edits(one: string, other: string): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (const [i, letter] of Array.from(one).entries()) {
    const next = [i + 1]
    for (const [j, target] of Array.from(other).entries()) {
      const changed = (row[j] ?? 0) + (letter === target ? 0 : 1)
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
