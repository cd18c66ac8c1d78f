// Everything that one run of the benchmark found: what the tables, the verdict and the JSON file are made of.
import type { Workload } from './contender.ts'
import type { Latency } from './latency.ts'
import type { Loaded } from './loaded.ts'
import type { Restarts } from './restarts.ts'
import type { Start } from './start.ts'
import { spread, type Spread } from './statistics.ts'
import type { Run } from './throughput.ts'

export interface Row {
  readonly section: 'headline' | 'matrix'
  readonly name: string
  readonly workload: Workload
  readonly records: number
  /** By round; null for a round that failed. */
  readonly runs: readonly (Run | null)[]
}

export interface Results {
  readonly machine: Readonly<Record<string, string | number>>
  readonly rounds: number
  readonly rows: readonly Row[]
  /** By round. */
  readonly latencies: readonly (readonly Latency[])[]
  readonly restarts: readonly Restarts[]
  readonly starts: readonly Start[]
  readonly loaded: Loaded | null
  /** What is missing on this machine. */
  readonly missing: readonly string[]
  readonly failures: readonly string[]
}

/**
 * `value` of a row against that of another one, round by round, so that a machine whose speed drifts does not spoil it.
 * Null where no round has both.
 */
export function ratio(row: Row | undefined, base: Row | undefined, value: (run: Run) => number | null): Spread | null {
  const pairs = (row?.runs ?? []).flatMap((run, round) => {
    const other = base?.runs[round]
    const [above, below] = [run && value(run), other && value(other)]
    return above && below ? [above / below] : []
  })
  return spread(pairs)
}

/** Over the rounds that did not fail. */
export const over = (row: Row | undefined, value: (run: Run) => number | null): Spread | null =>
  spread((row?.runs ?? []).flatMap((run) => (run && value(run)) ?? []))

/** Per million records. */
export const agentCpu = (run: Run): number => (run.costs.agent.cpuSeconds / run.records) * 1e6
export const steady = (run: Run): number | null => run.steadyPerSecond
