// The numbers that the product promises, each with what this run found. Nothing is judged that was not measured.
import { ratio, over, agentCpu, steady, type Results, type Row } from './results.ts'
import { spread, type Percentiles, type Spread } from './statistics.ts'
import type { Run } from './throughput.ts'

export interface Finding {
  readonly promise: string
  readonly found: string
  /** Null: not measured in this run. */
  readonly holds: boolean | null
}

const MB = 1e6

export function verdict(results: Results): readonly Finding[] {
  return [...throughput(results), ...memory(results), ...latency(results), ...loop(results)]
}

function throughput({ rows }: Results): Finding[] {
  const row = (name: string): Row | undefined => rows.find((each) => each.section === 'headline' && each.name === name)
  const relay = row('pidpiper-relay-raw')
  const oneToOne = row('pidpiper-one-to-one-raw')
  const go = row('go-pipelined')
  const least = (name: string, of: Row | undefined, to: Row | undefined, wanted: number): Finding => {
    const found = ratio(of, to, steady)
    return judge(
      `${name} ≥ ${wanted} ×`,
      found,
      (value) => `${value.toFixed(2)} ×`,
      (value) => value >= wanted,
    )
  }
  return [
    least('steady: relay raw to go-pipelined', relay, go, 1),
    least('steady: relay raw to kcat', relay, row('kcat'), 2),
    least('steady: relay raw to kafkajs-tuned', relay, row('kafkajs-tuned'), 5),
    least('steady: relay dataframe to go-pipelined', row('pidpiper-relay-dataframe'), go, 0.5),
    least('steady: one-to-one raw to go-pipelined', oneToOne, go, 0.6),
    least('steady: one-to-one raw to go-lockstep', oneToOne, row('go-lockstep'), 4),
    judge(
      'checkpoints inside a relay raw run ≥ 3',
      over(relay, (run) => run.checkpoints?.all ?? null),
      (value) => value.toFixed(0),
      (value) => value >= 3,
      'min',
    ),
    judge(
      'CPU of the agent per million records, relay raw to go-pipelined ≤ 1.0 ×',
      ratio(relay, go, agentCpu),
      (value) => `${value.toFixed(2)} ×`,
      (value) => value <= 1,
    ),
  ]
}

function memory({ rows, starts }: Results): Finding[] {
  const ours = rows.filter(({ name }) => name.startsWith('pidpiper-'))
  const peak = (run: Run): number => run.costs.agent.peakBytes / MB
  const megabytes = (value: number): string => `${value.toFixed(0)} MB`
  const growth = rows
    .filter(({ section }) => section === 'headline')
    .flatMap((large) => {
      const small = ours.find((row) => row.section === 'matrix' && row.name === large.name && isPlain(row))
      const [of, to] = [over(large, peak), over(small, peak)]
      return of && to ? [of.median - to.median] : []
    })
  return [
    judge(
      'peak RSS of the agent in every run < 200 MB',
      spread(ours.flatMap((row) => row.runs.flatMap((run) => (run ? [peak(run)] : [])))),
      megabytes,
      (value) => value < 200,
      'max',
    ),
    judge(
      'its growth from the small to the large run ≤ 20 MB',
      spread(growth),
      megabytes,
      (value) => value <= 20,
      'max',
    ),
    judge(
      'idle and connected < 90 MB',
      spread(starts.map(({ agentBytes }) => agentBytes / MB)),
      megabytes,
      (value) => value < 90,
      'max',
    ),
  ]
}

function latency({ latencies }: Results): Finding[] {
  const of = (round: Results['latencies'][number], name: string): Percentiles | null =>
    round.find((each) => each.name === name)?.latency ?? null
  const against = (name: string, base: string, value: (found: Percentiles) => number): Spread | null =>
    spread(
      latencies.flatMap((round) => {
        const [ours, bare] = [of(round, name), of(round, base)]
        return ours && bare ? [value(ours) / value(bare)] : []
      }),
    )
  const tail = latencies.flatMap((round) => of(round, 'pidpiper-relay-raw')?.p999 ?? [])
  const within = (base: string): Finding[] => [
    judge(
      `latency at 500/s: one-to-one p99 ≤ 1.5 × ${base}`,
      against('pidpiper-one-to-one-raw', base, ({ p99 }) => p99),
      (value) => `${value.toFixed(2)} ×`,
      (value) => value <= 1.5,
    ),
    judge(
      `latency at 500/s: relay p50 ≤ 1.5 × ${base}`,
      against('pidpiper-relay-raw', base, ({ p50 }) => p50),
      (value) => `${value.toFixed(2)} ×`,
      (value) => value <= 1.5,
    ),
  ]
  return [
    ...within('bare there and back'),
    ...within('bare one way'),
    judge(
      'latency at 500/s: relay p99.9 ≤ 80 ms',
      spread(tail),
      (ms) => `${ms.toFixed(1)} ms`,
      (ms) => ms <= 80,
    ),
  ]
}

function loop({ loaded }: Results): Finding[] {
  const ms = (value: number): string => `${value.toFixed(1)} ms`
  const one = (value: number | undefined): Spread | null => spread(value === undefined ? [] : [value])
  return [
    judge(
      'p99.9 of the event-loop lag under full load ≤ 10 ms above an idle Node beside it',
      one(loaded ? loaded.agent.p999 - loaded.idleNode.p999 : undefined),
      ms,
      (value) => value <= 10,
    ),
    judge('/status under full load answers within 50 ms', one(loaded?.status?.max), ms, (value) => value <= 50),
  ]
}

const isPlain = ({ workload: { bytes, partitions, compression } }: Row): boolean =>
  bytes === 100 && partitions === 1 && compression === 'none'

function judge(
  promise: string,
  found: Spread | null,
  format: (value: number) => string,
  holds: (value: number) => boolean,
  by: keyof Spread = 'median',
): Finding {
  if (found === null) return { promise, found: 'not measured', holds: null }
  const range = found.min === found.max ? '' : ` (${format(found.min)} to ${format(found.max)})`
  return { promise, found: `${format(found[by])}${range}`, holds: holds(found[by]) }
}
