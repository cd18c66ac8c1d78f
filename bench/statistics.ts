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

export interface Percentiles {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

/** By nearest rank; null for no values. */
export function percentiles(values: readonly number[]): Percentiles | null {
  const sorted = values.toSorted((a, b) => a - b)
  const max = sorted.at(-1)
  if (max === undefined) return null
  const at = (share: number): number => sorted[Math.ceil(share * sorted.length) - 1] ?? max
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), p999: at(0.999), max }
}
