// Prometheus metrics: one more projection of the snapshot, made when somebody asks.
import { Counter, Gauge, Registry } from 'prom-client'
import { namespec } from '../domain/process/spec.ts'
import type { ProcessSnapshot, Snapshot, StreamSnapshot } from '../engine/snapshot.ts'
import { readiness, type Thresholds } from './health.ts'
import { calculatorMetrics } from './calculator-metrics.ts'
import { registerProcessMetrics } from './process-metrics.ts'

const PREFIX = 'pidpiper_'
/** Every label there is; a metric without one of them shows no such label. */
const LABELS = ['process', 'class', 'kind', 'result', 'quantile', 'version', 'platform_version', 'node_id', 'instance']

/** Labels and value of one sample; null where the fact is not known. */
type Sample = readonly [labels: Readonly<Record<string, string>>, value: number | null]

interface Metric {
  readonly kind: typeof Counter | typeof Gauge
  readonly help: string
  readonly samples: (snapshot: Snapshot) => readonly Sample[]
}

const count = (help: string, samples: Metric['samples']): Metric => ({ kind: Counter, help, samples })
const gauge = (help: string, samples: Metric['samples']): Metric => ({ kind: Gauge, help, samples })

const perStream =
  (value: (stream: StreamSnapshot) => number | null): Metric['samples'] =>
  ({ streams }) =>
    streams.map((stream) => [{ process: stream.namespec }, value(stream)])

const perProcess =
  (value: (process: ProcessSnapshot) => number | null): Metric['samples'] =>
  ({ processes }) =>
    processes.map((process) => [{ process: namespec(process) }, value(process)])

const inSeconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000)

const checkpoints: Metric['samples'] = ({ streams }) =>
  streams.flatMap(({ namespec: process, counters }) => [
    [{ process, kind: 'proven' }, counters.checkpointsProven],
    [{ process, kind: 'assumed' }, counters.checkpointsAssumed],
  ])

const deadLetters: Metric['samples'] = ({ streams }) =>
  streams.flatMap(({ namespec: process, counters }) =>
    Object.entries(counters.deadLetters).map(([reason, letters]): Sample => [{ process, class: reason }, letters]),
  )

const loopLag: Metric['samples'] = ({ agent: { loopLagMs } }) =>
  loopLagMs === null
    ? []
    : [
        [{ quantile: '0.5' }, loopLagMs.p50 / 1000],
        [{ quantile: '0.99' }, loopLagMs.p99 / 1000],
        [{ quantile: '1' }, loopLagMs.max / 1000],
      ]

const build: Metric['samples'] = ({ agent: { version, platformVersion, nodeId, instanceId } }) => [
  [{ version, platform_version: platformVersion ?? '', node_id: nodeId ?? '', instance: instanceId }, 1],
]

// prettier-ignore
const metrics = (thresholds: Thresholds): Record<string, Metric> => ({
  records_in_total: count('Records handed over by the input.', perStream((s) => s.counters.recordsIn)),
  records_out_total: count('Records acknowledged by the output.', perStream((s) => s.counters.recordsOut)),
  bytes_in_total: count('Bytes of the input records.', perStream((s) => s.counters.bytesIn)),
  bytes_out_total: count('Bytes of the output records.', perStream((s) => s.counters.bytesOut)),
  tombstones_total: count('Input records without a value, skipped.', perStream((s) => s.counters.tombstones)),
  dlq_total: count('Dead letters, by reason.', deadLetters),
  oversize_total: count('Lines longer than MAX_LINE.', perStream((s) => s.counters.oversized)),
  partial_lines_total: count('Last lines without newline that are no answer.', perStream((s) => s.counters.partialLines)),
  checkpoint_total: count('Checkpoints, by what is known of the Calculator.', checkpoints),
  checkpoint_missed_total: count('Checkpoints that were due and did not come about.', perStream((s) => s.counters.checkpointsMissed)),
  commit_total: count('Commits of offsets.', ({ streams }) => streams.map((s) => [{ process: s.namespec, result: 'ok' }, s.counters.commits])),
  replays_total: count('Records fed again after the Calculator died.', perStream((s) => s.counters.replays)),
  violations_total: count('Answers that the protocol does not allow.', perStream((s) => s.counters.violations)),
  control_problems_total: count('Lines of the control channel that could not be used.', perStream((s) => s.counters.controlProblems)),
  in_flight: gauge('Records handed to the Calculator and not settled.', perStream((s) => s.inFlight)),
  window_bytes: gauge('Bytes held for the Calculator and the output.', perStream((s) => s.bufferedBytes)),
  window_limit: gauge('Bytes that may be held: BUFFER_BYTES, or less where more would bring nothing.', perStream((s) => s.bufferLimitBytes)),
  stdin_unread_bytes: gauge('Bytes written that the Calculator has not read.', perStream((s) => s.stdinUnreadBytes)),
  stdout_block_buffered: gauge('1 when the Calculator keeps back part of a line.', perStream((s) => Number(s.blockBuffered))),
  lag: gauge('Records not yet fetched over all assigned partitions.', perStream((s) => s.input.lag)),
  work_lag: gauge('Records not yet settled: lag and those in flight.', perStream((s) => (s.input.lag === null ? null : s.input.lag + s.inFlight))),
  assigned_partitions: gauge('Partitions this member owns.', perStream((s) => s.input.assigned.length)),
  stuck_partitions: gauge('Partitions with records waiting and no progress.', perStream((s) => s.stuck.length)),
  joined: gauge('1 when joined to the consumer group.', perStream((s) => Number(s.input.joined))),
  fetch_age_seconds: gauge('Time since the last fetch.', perStream((s) => inSeconds(s.input.lastFetchAgeMs))),
  ack_age_seconds: gauge('Time since the output last acknowledged.', perStream((s) => inSeconds(s.output.lastAckAgeMs))),
  child_up: gauge('1 when the process is RUNNING.', perProcess((p) => Number(p.state === 'RUNNING'))),
  child_restarts_total: count('Starts after the first one.', perProcess((p) => p.restarts)),
  child_exit_code: gauge('Exit code of the last run.', perProcess((p) => p.exit?.code ?? null)),
  child_failed_starts: gauge('Failed starts in a row.', perProcess((p) => p.retries)),
  crashloop: gauge('1 from the fourth failed start in a row.', perProcess((p) => Number(p.crashLoop))),
  start_time_seconds: gauge('When the agent started, seconds since the epoch.', ({ agent }) => [[{}, agent.startedAt / 1000]]),
  ready: gauge('1 when /readyz says so.', (snapshot) => [[{}, Number(readiness(snapshot, thresholds).ready)]]),
  config_version: gauge('ModifyIndex of the run document in force.', ({ document }) => [[{}, document.configVersion]]),
  config_refused: gauge('1 while the run document at the key is not the one in force.', ({ document: { state } }) => [[{}, Number(state === 'refused' || state === 'rolled-back')]]),
  consul_registered: gauge('1 when registered in Consul; absent without Consul.', ({ agent }) => [[{}, agent.consul === 'off' ? null : Number(agent.consul === 'registered')]]),
  event_loop_lag_seconds: gauge('Delay of the event loop in the last seconds.', loopLag),
  build_info: gauge('Always 1; the labels tell.', build),
})

export interface Metrics {
  readonly contentType: string
  text(): Promise<string>
  close(): void
}

/** A registry of its own, so that two agents in one process do not meet in it. */
export function createMetrics(snapshot: () => Snapshot, thresholds: Thresholds): Metrics {
  const registry = new Registry()
  registerProcessMetrics(registry, PREFIX)
  const filled = Object.entries(metrics(thresholds)).map(([name, metric]) => fillable(registry, PREFIX + name, metric))
  return {
    contentType: registry.contentType,
    async text() {
      const now = snapshot()
      for (const fill of filled) fill(now)
      return (await registry.metrics()) + calculatorMetrics(now.streams, `${PREFIX}calculator_`)
    },
    close() {
      registry.clear()
    },
  }
}

/** Registers a metric; the returned function replaces all its samples by those of a snapshot. */
function fillable(registry: Registry, name: string, { kind, help, samples }: Metric): (snapshot: Snapshot) => void {
  const metric = new kind({ name, help, registers: [registry], labelNames: LABELS })
  return (snapshot) => {
    metric.reset()
    for (const [labels, value] of samples(snapshot)) if (value !== null) metric.inc(labels, value)
  }
}
