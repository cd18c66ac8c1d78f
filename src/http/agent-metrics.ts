import { isUp } from '../domain/process/state.ts'
import { readiness } from './health.ts'
import {
  count,
  gauge,
  inSeconds,
  processCount,
  processGauge,
  type MetricTable,
  type Sample,
  type Sight,
} from './metric.ts'

const loopLag = ({ snapshot: { agent } }: Sight): readonly Sample[] =>
  agent.loopLagMs === null
    ? []
    : [
        [{ quantile: '0.5' }, agent.loopLagMs.p50 / 1000],
        [{ quantile: '0.99' }, agent.loopLagMs.p99 / 1000],
        [{ quantile: '1' }, agent.loopLagMs.max / 1000],
      ]

const build = ({ snapshot: { agent } }: Sight): readonly Sample[] => {
  const { version, platformVersion, nodeId, instanceId } = agent
  return [[{ version, platform_version: platformVersion ?? '', node_id: nodeId ?? '', instance: instanceId }, 1]]
}

const one =
  (value: (sight: Sight) => number | null) =>
  (sight: Sight): readonly Sample[] => [[{}, value(sight)]]

// prettier-ignore
export const agentMetrics: MetricTable = {
  child_up: processGauge('1 when the process is RUNNING, or is between two runs of a batch.', (p) => Number(isUp(p))),
  child_restarts_total: processCount('Starts after the first one.', (p) => p.restarts),
  child_exit_code: processGauge('Exit code of the last run.', (p) => p.exit?.code ?? null),
  child_failed_starts: processGauge('Failed starts in a row.', (p) => p.retries),
  child_rss_bytes: processGauge('Resident memory of the process and all its children; pages that they share count for each.', (p, { memoryOf }) => (p.pid === null ? null : memoryOf(p.pid))),
  crashloop: processGauge('1 from the fourth failed start in a row.', (p) => Number(p.crashLoop)),
  start_time_seconds: gauge('When the agent started, seconds since the epoch.', [], one(({ snapshot }) => snapshot.agent.startedAt / 1000)),
  ready: gauge('1 when /readyz says so.', [], one(({ snapshot }) => Number(readiness(snapshot).ready))),
  config_version: gauge('ModifyIndex of the run document in force.', [], one(({ snapshot }) => snapshot.document.configVersion)),
  config_refused: gauge('1 while the run document at the key is not the one in force.', [], one(({ snapshot: { document } }) => Number(document.state === 'refused' || document.state === 'rolled-back'))),
  config_rejected_total: count('Run documents that were refused or rolled back.', [], one(({ snapshot }) => snapshot.document.rejected)),
  consul_registered: gauge('1 when registered in Consul; absent without Consul.', [], one(({ snapshot: { agent } }) => (agent.consul === 'off' ? null : Number(agent.consul === 'registered')))),
  consul_watch_age_seconds: gauge('Time since Consul last told what the run document is; absent without Consul.', [], one(({ snapshot }) => inSeconds(snapshot.agent.consulAnswerAgeMs))),
  event_loop_lag_seconds: gauge('Delay of the event loop in the last seconds.', ['quantile'], loopLag),
  build_info: gauge('Always 1; the labels tell.', ['version', 'platform_version', 'node_id', 'instance'], build),
}
