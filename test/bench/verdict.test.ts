// The promises, held against runs that keep them and runs that just miss them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Results, Row } from '../../bench/results.ts'
import type { Percentiles } from '../../bench/statistics.ts'
import type { Run } from '../../bench/throughput.ts'
import { verdict } from '../../bench/verdict.ts'

const plain = { bytes: 100, partitions: 1, compression: 'none' } as const

function run(steadyPerSecond: number, { cpu = 1, peak = 100e6, checkpoints = 3 } = {}): Run {
  const agent = { cpuSeconds: cpu, rssBytes: peak, peakBytes: peak }
  return {
    ...{ records: 1e6, seconds: 1, recordsPerSecond: steadyPerSecond, firstSeconds: 0, steadyPerSecond },
    checkpoints: { all: checkpoints, steady: checkpoints },
    ...{ cpuSeconds: cpu, costs: { agent, withChild: agent }, medianRssBytes: peak, duplicates: 0 },
  }
}

const row = (name: string, one: Run, section: Row['section'] = 'headline'): Row => ({
  ...{ section, name, workload: plain, records: 1e6, runs: [one] },
})
const times = (p50: number, p99: number, p999: number): Percentiles => ({ count: 1, p50, p99, p999, max: p999 })

/** Every promise is kept, and not by much. */
const kept: Results = {
  ...{ machine: {}, rounds: 1, restarts: [], missing: [], failures: [] },
  rows: [
    row('go-pipelined', run(1000)),
    row('kcat', run(490)),
    row('go-lockstep', run(140)),
    row('kafkajs-tuned', run(190)),
    row('pidpiper-relay-raw', run(1010, { cpu: 0.99, peak: 199e6 })),
    row('pidpiper-relay-dataframe', run(510)),
    row('pidpiper-one-to-one-raw', run(610)),
    row('pidpiper-relay-raw', run(1010, { peak: 180e6 }), 'matrix'),
  ],
  latencies: [
    [
      { name: 'bare one way', latency: times(2, 10, 20) },
      { name: 'bare there and back', latency: times(2.5, 12, 20) },
      { name: 'pidpiper-relay-raw', latency: times(2.9, 50, 79) },
      { name: 'pidpiper-one-to-one-raw', latency: times(5, 14, 30) },
    ],
  ],
  starts: [
    { readySeconds: 1, agentBytes: 89e6, withChildBytes: 90e6, agentPeakBytes: 90e6, cpuUntilReady: 1, idleCpu: 0 },
  ],
  loaded: { agent: times(1, 2, 11), idleNode: times(0, 1, 2), ownMetric: {}, status: times(3, 40, 49) },
}

const failing = (results: Results): string[] =>
  verdict(results).flatMap(({ promise, holds }) => (holds === true ? [] : [promise]))

test('a run that keeps every promise has nothing but ok', () => {
  assert.deepEqual(failing(kept), [])
})

test('each promise that is missed is found, and no other one', () => {
  const changed = (name: string, one: Run): Results => ({
    ...kept,
    rows: kept.rows.map((each) => (each.name === name && each.section === 'headline' ? row(name, one) : each)),
  })
  const relay = (more: Parameters<typeof run>[1]): Results =>
    changed('pidpiper-relay-raw', run(1010, { cpu: 0.99, peak: 199e6, ...more }))
  assert.deepEqual(failing(changed('kcat', run(506))), ['steady: relay raw to kcat ≥ 2 ×'])
  assert.deepEqual(failing(changed('go-lockstep', run(160))), ['steady: one-to-one raw to go-lockstep ≥ 4 ×'])
  assert.deepEqual(failing(relay({ checkpoints: 2 })), ['checkpoints inside a relay raw run ≥ 3'])
  assert.match(failing(relay({ cpu: 1.01 })).join(), /^CPU of the agent/)
  assert.equal(failing(relay({ peak: 201e6 })).length, 2, 'the peak, and its growth')
  const latencies = kept.latencies.map((round) =>
    round.map((each) => (each.name === 'bare there and back' ? { ...each, latency: times(1.9, 12, 20) } : each)),
  )
  assert.deepEqual(failing({ ...kept, latencies }), ['latency at 500/s: relay p50 ≤ 1.5 × bare there and back'])
  const loaded = kept.loaded && { ...kept.loaded, agent: times(1, 2, 12.5) }
  assert.match(failing({ ...kept, loaded }).join(), /^p99.9 of the event-loop lag/)
})

test('nothing is judged that was not measured', () => {
  const nothing: Results = { ...kept, rows: [], latencies: [], starts: [], loaded: null }
  assert.ok(verdict(nothing).every(({ holds, found }) => holds === null && found === 'not measured'))
})
