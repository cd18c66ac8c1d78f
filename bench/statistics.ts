export interface Spread {
  readonly min: number
  readonly median: number
  readonly max: number
}

/** Null for no values; NaN and the like are the caller's to leave out. */
export function spread(values: readonly number[]): Spread | null {
  const sorted = values.toSorted((a, b) => a - b)
  const [min] = sorted
  const max = sorted.at(-1)
  if (min === undefined || max === undefined) return null
  const upper = sorted[sorted.length >> 1] ?? max
  const lower = sorted[(sorted.length - 1) >> 1] ?? min
  return { min, median: (lower + upper) / 2, max }
}
