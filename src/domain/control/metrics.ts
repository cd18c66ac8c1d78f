// Metrics of a Calculator's own, under names that it chose: few, so that nobody's Prometheus is filled by a loop.

export const METRICS_MAX = 100

export interface CalculatorMetric {
  readonly name: string
  readonly kind: 'gauge' | 'counter'
  readonly value: number
}

/** A gauge is what was said last, a counter the sum of everything said; both outlive the incarnation that said it. */
export class CalculatorMetrics {
  readonly #known = new Map<string, CalculatorMetric>()

  /** null, or why it is not taken. */
  take({ name, kind, value }: CalculatorMetric): string | null {
    const before = this.#known.get(name)
    if (before && before.kind !== kind) return `metric: "${name}" is a ${before.kind} already`
    if (!before && this.#known.size >= METRICS_MAX) return `metric: more than ${METRICS_MAX} names`
    this.#known.set(name, { name, kind, value: kind === 'counter' ? (before?.value ?? 0) + value : value })
    return null
  }

  list(): readonly CalculatorMetric[] {
    return [...this.#known.values()]
  }
}
