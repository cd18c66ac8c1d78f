/** One look at the output topic. */
export interface Look {
  /** Since the start of the contender. */
  readonly ms: number
  readonly count: number
  readonly rssBytes: number
}

export interface SteadyWindow {
  readonly fromMs: number
  readonly toMs: number
  readonly perSecond: number
}

/** From the first look at 10 % to the last one at 90 %; null where they are less than 40 % of the records apart. */
export function steadyWindow(looks: readonly Look[], records: number): SteadyWindow | null {
  const from = looks.find(({ count }) => count >= records * 0.1)
  const to = looks.findLast(({ count }) => count <= records * 0.9)
  if (from === undefined || to === undefined || to.count - from.count < records * 0.4) return null
  return { fromMs: from.ms, toMs: to.ms, perSecond: ((to.count - from.count) / (to.ms - from.ms)) * 1000 }
}

/** When the first record was visible. */
export const firstMs = (looks: readonly Look[]): number => looks.find(({ count }) => count > 0)?.ms ?? 0

export function medianRss(looks: readonly Look[]): number {
  const sorted = looks.map(({ rssBytes }) => rssBytes).sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? 0
}
