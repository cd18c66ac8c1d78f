// The results as text: Markdown tables, so that they can be quoted as they are.
import { describe } from './contender.ts'
import { agentCpu, over, ratio, steady, type Results, type Row } from './results.ts'

import { spread, type Spread } from './statistics.ts'
import { table } from './table.ts'
import type { Run } from './throughput.ts'
import { verdict } from './verdict.ts'

export function text(results: Results): string {
  const { machine, missing, failures } = results
  return [
    Object.entries(machine)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
    ...throughputTables(results),
    ...latencyTable(results),
    ...restartTable(results),
    ...startTable(results),
    ...loadedTable(results),
    ...results.rows.flatMap(duplicatesLine),
    ...missing.map((why) => `\nmissing here: ${why}`),
    ...failures.map((why) => `\nFAILED: ${why}`),
    ...verdictTable(results),
    '',
  ].join('\n')
}

/** One for each section and workload; the baseline is the pipelined Go loop, or whoever is first where there is no Go. */
function throughputTables({ rows, rounds }: Results): string[] {
  const groups = Map.groupBy(rows, ({ section, workload }) => `${section}: ${describe(workload)}`)
  return [...groups].flatMap(([title, group]) => {
    const base = group.find(({ runs }) => runs.some((run) => run !== null))
    if (base === undefined) return []
    const head = [
      ...['contender', 'records', `× ${base.name}: from start`, 'steady', 'records/s', 'steady/s', 'first after, s'],
      ...['CPU s per million: agent', 'all', 'RSS MB: median', 'peak', 'checkpoints'],
    ]
    return [`\n${title}; ${rounds} rounds, median (min–max)\n`, ...table([head, ...group.map(throughputRow(base))])]
  })
}

const throughputRow =
  (base: Row) =>
  (row: Row): string[] => {
    const median = (value: (run: Run) => number | null, format: (value: number) => string): string =>
      show(over(row, value), format, true)
    const sameWork = row.records === base.records
    return [
      ...[row.name, millions(row.records)],
      sameWork
        ? show(
            ratio(row, base, ({ recordsPerSecond }) => recordsPerSecond),
            hundredths,
          )
        : '–',
      show(ratio(row, base, steady), hundredths),
      show(
        over(row, ({ recordsPerSecond }) => recordsPerSecond),
        thousands,
      ),
      show(over(row, steady), thousands),
      median(({ firstSeconds }) => firstSeconds, hundredths),
      median(agentCpu, hundredths),
      median(({ cpuSeconds, records }) => (cpuSeconds / records) * 1e6, hundredths),
      median(({ medianRssBytes }) => medianRssBytes, megabytes),
      show(
        over(row, ({ costs }) => costs.agent.peakBytes),
        megabytes,
      ),
      checkpoints(row),
    ]
  }

/** In the whole run, and between 10 % and 90 %. */
function checkpoints(row: Row): string {
  const all = over(row, (run) => run.checkpoints?.all ?? null)
  const inside = over(row, (run) => run.checkpoints?.steady ?? null)
  return all && inside ? `${all.median}, steady ${inside.median}` : '–'
}

/** At-least-once allows them, but here nothing was disturbed. */
function duplicatesLine({ name, workload, runs }: Row): string[] {
  const duplicates = runs.reduce((sum, run) => sum + (run?.duplicates ?? 0), 0)
  return duplicates > 0 ? [`\n${name} (${describe(workload)}) wrote ${duplicates} duplicates`] : []
}

function latencyTable({ latencies }: Results): string[] {
  const names = [...new Set(latencies.flat().map(({ name }) => name))]
  if (names.length === 0) return []
  const rows = names.map((name) => {
    const found = latencies.flat().flatMap((each) => (each.name === name && each.latency ? [each.latency] : []))
    const of = (key: 'p50' | 'p99' | 'p999' | 'max'): string =>
      show(spread(found.map((each) => each[key])), (ms) => `${ms.toFixed(1)} ms`)
    return [name, of('p50'), of('p99'), of('p999'), of('max')]
  })
  return ['\n500 records of 100 B a second\n', ...table([['produce → visible', 'p50', 'p99', 'p99.9', 'max'], ...rows])]
}

function restartTable({ restarts }: Results): string[] {
  if (restarts.length === 0) return []
  const head = ['restart of the Calculator (pidpiper)', 'kill -9 → answer, ms', 'without a kill, ms', 'kills']
  const rows = restarts.map(({ protocol, afterKill, undisturbed, kills }) => [
    ...[protocol, show(afterKill, whole), show(undisturbed, whole), String(kills)],
  ])
  return ['', ...table([head, ...rows])]
}

function startTable({ starts }: Results): string[] {
  if (starts.length === 0) return []
  const of = (value: (start: Results['starts'][number]) => number, format: (value: number) => string): string =>
    show(spread(starts.map(value)), format)
  return [
    '',
    ...table([
      [
        'pidpiper without work',
        'start → ready, s',
        'CPU s until then',
        'RSS MB: agent',
        'all',
        'peak',
        'CPU when idle',
      ],
      [
        'ready, nothing to read',
        of(({ readySeconds }) => readySeconds, hundredths),
        of(({ cpuUntilReady }) => cpuUntilReady, hundredths),
        of(({ agentBytes }) => agentBytes, megabytes),
        of(({ withChildBytes }) => withChildBytes, megabytes),
        of(({ agentPeakBytes }) => agentPeakBytes, megabytes),
        of(
          ({ idleCpu }) => idleCpu,
          (share) => `${(share * 100).toFixed(1)} %`,
        ),
      ],
    ]),
  ]
}

function loadedTable({ loaded }: Results): string[] {
  if (loaded === null) return []
  const ms = (value: number): string => value.toFixed(2)
  const row = (name: string, found: Results['latencies'][number][number]['latency']): string[] =>
    found ? [name, ms(found.p50), ms(found.p99), ms(found.p999), ms(found.max), String(found.count)] : []
  const own = Object.entries(loaded.ownMetric).map(([quantile, seconds]) => `${quantile}: ${ms(seconds * 1000)}`)
  return [
    '',
    ...table([
      ['relay raw under full load, ms', 'p50', 'p99', 'p99.9', 'max', 'samples'],
      row('event-loop lag of the agent', loaded.agent),
      row('event-loop lag of an idle Node beside it', loaded.idleNode),
      row('/status answered after', loaded.status),
    ]),
    `\nthe agent's own metric, ms by quantile: ${own.join(', ')}`,
  ]
}

function verdictTable(results: Results): string[] {
  const rows = verdict(results).map(({ promise, found, holds }) => [
    ...[promise, found, holds === null ? '–' : holds ? 'ok' : 'NOT'],
  ])
  return ['', ...table([['promise', 'found', ''], ...rows])]
}

const millions = (value: number): string => (value >= 1e6 ? `${value / 1e6} M` : `${value / 1e3} k`)
const thousands = (value: number): string => `${(value / 1000).toFixed(1)} k`
const hundredths = (value: number): string => value.toFixed(2)
const megabytes = (value: number): string => (value / 1e6).toFixed(0)
const whole = (value: number): string => value.toFixed(0)

function show(values: Spread | null, format: (value: number) => string, medianOnly = false): string {
  if (values === null) return '–'
  const [min, median, max] = [values.min, values.median, values.max].map(format)
  return medianOnly || min === max ? `${median}` : `${median} (${bare(min)}–${bare(max)})`
}

/** Without its unit, which the median beside it has. */
const bare = (value = ''): string => value.split(' ')[0] ?? value
