// Prometheus metrics: one more projection of the snapshot, made when somebody asks.
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { DURATION_BOUNDS, type Durations } from '../domain/stream/duration-histogram.ts'
import type { Snapshot } from '../engine/snapshot.ts'
import { agentMetrics } from './agent-metrics.ts'
import { calculatorMetrics } from './calculator-metrics.ts'
import type { Labels, Metric, MetricTable, Sample, Sight } from './metric.ts'
import { processMetrics, registerProcessMetrics } from './process-metrics.ts'
import { streamMetrics } from './stream-metrics.ts'

const PREFIX = 'pidpiper_'

const table: MetricTable = { ...streamMetrics, ...agentMetrics }

export interface Metrics {
  readonly contentType: string
  text(): Promise<string>
  close(): void
}

/** A registry of its own, so that two agents in one process do not meet in it. */
export function createMetrics(snapshot: () => Snapshot, memoryOf: Sight['memoryOf'] = () => null): Metrics {
  const registry = new Registry()
  registerProcessMetrics(registry, PREFIX)
  const filled = Object.entries(table).map(([name, metric]) => fillable(registry, PREFIX + name, metric))
  return {
    contentType: registry.contentType,
    async text() {
      const sight = { snapshot: snapshot(), memoryOf }
      for (const fill of filled) fill(sight)
      return (await registry.metrics()) + calculatorMetrics(sight.snapshot.streams, `${PREFIX}calculator_`)
    },
    close() {
      registry.clear()
    },
  }
}

/** Name with prefix, kind, labels and meaning of every metric there is, in the order in which they are shown. */
export const describedMetrics = (): readonly (Pick<Metric, 'kind' | 'labels' | 'help'> & { readonly name: string })[] =>
  [...Object.entries(table), ...Object.entries(processMetrics)].map(([name, { kind, labels = [], help }]) => ({
    ...{ name: PREFIX + name, kind, labels, help },
  }))

/** Registers a metric; the returned function replaces all its samples by those of a snapshot. */
function fillable(registry: Registry, name: string, metric: Metric): (sight: Sight) => void {
  const settings = { name, help: metric.help, registers: [registry], labelNames: [...metric.labels] }
  if (metric.kind === 'histogram') {
    const histogram = new ReadHistogram(settings)
    return (sight) => {
      histogram.samples = metric.samples(sight)
    }
  }
  const made = metric.kind === 'counter' ? new Counter(settings) : new Gauge(settings)
  return (sight) => {
    made.reset()
    for (const [labels, value] of metric.samples(sight)) if (value !== null) made.inc(labels, value)
  }
}

/** A histogram that was counted elsewhere: prom-client's own takes one observation at a time. */
class ReadHistogram extends Histogram {
  readonly #name: string
  readonly #help: string
  samples: readonly Sample<Durations>[] = []

  constructor(settings: ConstructorParameters<typeof Histogram>[0]) {
    super(settings)
    this.#name = settings.name
    this.#help = settings.help
  }

  /** What the registry asks for the text; prom-client's own `get` is made of it, too. */
  getForPromString(): Promise<object> {
    const values = this.samples.flatMap(([labels, value]) => (value ? series(this.#name, labels, value) : []))
    return Promise.resolve({ name: this.#name, help: this.#help, type: 'histogram', aggregator: 'sum', values })
  }
}

interface Value {
  readonly metricName: string
  readonly labels: Labels
  readonly value: number
}

const series = (name: string, labels: Labels, { upTo, count, sumSeconds }: Durations): Value[] => [
  ...DURATION_BOUNDS.map((bound, index) => ({
    ...{ metricName: `${name}_bucket`, labels: { ...labels, le: String(bound) }, value: upTo[index] ?? 0 },
  })),
  { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count },
  { metricName: `${name}_sum`, labels, value: sumSeconds },
  { metricName: `${name}_count`, labels, value: count },
]
