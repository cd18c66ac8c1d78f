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
export function edits(one: string, other: string): number {
  const row = Array.from({ length: other.length + 1 }, (_, index) => index)
  for (let i = 1; i <= one.length; i++) {
    let diagonal = i - 1
    row[0] = i
    for (let j = 1; j <= other.length; j++) {
      const above = row[j] ?? 0
      const changed = diagonal + (one[i - 1] === other[j - 1] ? 0 : 1)
      row[j] = Math.min(changed, above + 1, (row[j - 1] ?? 0) + 1)
      diagonal = above
    }
  }
  return row[other.length] ?? 0
}
