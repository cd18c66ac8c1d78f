// The results as text: Markdown tables, so that they can be quoted as they are.
import type { IdleMemory } from './memory.ts'
import type { Restarts } from './restarts.ts'
import { spread, type Spread } from './statistics.ts'
import type { Run } from './throughput.ts'

export interface Row {
  readonly name: string
  /** Of this contender, by round; null for a round that failed. */
  readonly runs: readonly (Run | null)[]
}

export interface Results {
  readonly machine: Readonly<Record<string, string | number>>
  readonly records: number
  readonly rounds: number
  readonly baseline: string | null
  readonly throughput: readonly Row[]
  readonly restarts: readonly Restarts[]
  readonly idle: IdleMemory | null
  readonly skipped: readonly string[]
  readonly failures: readonly string[]
}

/** Speed against the baseline, round by round, so that a machine whose speed drifts does not spoil it. */
export function ratios(row: Row, baseline: Row | undefined): Spread | null {
  const pairs = row.runs.flatMap((run, round) => {
    const base = baseline?.runs[round]
    return run && base ? [run.recordsPerSecond / base.recordsPerSecond] : []
  })
  return spread(pairs)
}

export function text(results: Results): string {
  const { machine, records, rounds, throughput, skipped, failures } = results
  return [
    Object.entries(machine)
      .map(([name, value]) => `${name} ${value}`)
      .join(', '),
    ...(throughput.length > 0 ? [`\n${records} records of 100 B, ${rounds} rounds; median (min–max):\n`] : []),
    ...throughputTable(results),
    ...restartTable(results.restarts),
    ...idleTable(results.idle),
    ...throughput.flatMap(duplicatesLine),
    ...skipped.map((why) => `\nskipped: ${why}`),
    ...failures.map((why) => `\nFAILED: ${why}`),
    '',
  ].join('\n')
}

/** At-least-once allows them, but here nothing was disturbed. */
function duplicatesLine({ name, runs }: Row): string[] {
  const duplicates = runs.reduce((sum, run) => sum + (run?.duplicates ?? 0), 0)
  return duplicates > 0 ? [`\n${name} wrote ${duplicates} duplicates`] : []
}

function throughputTable({ throughput, baseline }: Results): string[] {
  const base = throughput.find(({ name }) => name === baseline)
  const head = [
    ...['contender', `× ${baseline ?? ''}`, 'records/s', 'steady/s', 'first after, s'],
    ...['CPU s: agent, all', 'RSS MiB: median, peak, all'],
  ]
  const rows = throughput.map((row) => {
    const runs = row.runs.filter((run) => run !== null)
    const of = (value: (run: Run) => number | null): Spread | null =>
      spread(runs.map(value).filter((each) => each !== null))
    const medians = (format: (value: number) => string, ...values: ((run: Run) => number)[]): string =>
      values.map((value) => show(of(value), format, true)).join(', ')
    return [
      row.name,
      show(ratios(row, base), hundredths),
      show(
        of((run) => run.recordsPerSecond),
        thousands,
      ),
      show(
        of((run) => run.steadyPerSecond),
        thousands,
      ),
      medians(hundredths, (run) => run.firstSeconds),
      medians(
        hundredths,
        (run) => run.costs.agent.cpuSeconds,
        (run) => run.cpuSeconds,
      ),
      medians(
        mebibytes,
        (run) => run.medianRssBytes,
        (run) => run.costs.agent.peakBytes,
        (run) => run.costs.withChild.peakBytes,
      ),
    ]
  })
  return rows.length > 0 ? table([head, ...rows]) : []
}

function restartTable(restarts: readonly Restarts[]): string[] {
  if (restarts.length === 0) return []
  const head = ['restart of the Calculator (pidpiper)', 'kill -9 → answer, ms', 'without a kill, ms', 'kills']
  const whole = (value: number): string => value.toFixed(0)
  const rows = restarts.map(({ protocol, afterKill, undisturbed, kills }) => [
    ...[protocol, show(afterKill, whole), show(undisturbed, whole), String(kills)],
  ])
  return ['', ...table([head, ...rows])]
}

function idleTable(idle: IdleMemory | null): string[] {
  if (idle === null) return []
  const { agentBytes, withChildBytes, agentPeakBytes, cpuUntilReady, idleCpu } = idle
  const sizes = [agentBytes, withChildBytes, agentPeakBytes].map(mebibytes).join(', ')
  return [
    '',
    ...table([
      ['idle (pidpiper)', 'RSS MiB: agent, all, peak', 'CPU s until ready', 'CPU when idle'],
      ['ready, nothing to read', sizes, cpuUntilReady.toFixed(2), `${(idleCpu * 100).toFixed(1)} %`],
    ]),
  ]
}

const thousands = (value: number): string => `${(value / 1000).toFixed(1)} k`
const hundredths = (value: number): string => value.toFixed(2)
const mebibytes = (value: number): string => (value / 2 ** 20).toFixed(0)

function show(values: Spread | null, format: (value: number) => string, medianOnly = false): string {
  if (values === null) return '–'
  const [min, median, max] = [values.min, values.median, values.max].map(format)
  return medianOnly || min === max ? `${median}` : `${median} (${bare(min)}–${bare(max)})`
}

/** Without its unit, which the median beside it has. */
const bare = (text = ''): string => text.split(' ')[0] ?? text

/** The first row is the head; columns of one width. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const [head = [], ...body] = rows
  return [line(head), `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`, ...body.map(line)]
}
