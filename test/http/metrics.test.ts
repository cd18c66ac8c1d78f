import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import type { Snapshot } from '../../src/engine/snapshot.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import { cpuSeconds, residentBytes } from '../../src/http/process-metrics.ts'
import { aSnapshot } from './a-snapshot.ts'
import { parseMetrics } from './parse-metrics.ts'

function scraper(t: TestContext, snapshot: () => Snapshot) {
  const metrics = createMetrics(snapshot)
  t.after(() => metrics.close())
  return async () => parseMetrics(await metrics.text())
}

test('each sample is the fact of the snapshot, under a name with our prefix', async (t) => {
  const { samples, types } = await scraper(t, () => aSnapshot({ stream: { inFlight: 2 } }))()
  const expected: Record<string, number> = {
    'pidpiper_records_in_total{process="calculator"}': 100,
    'pidpiper_records_out_total{process="calculator"}': 90,
    'pidpiper_dlq_total{process="calculator",class="not-json"}': 2,
    'pidpiper_dlq_total{process="calculator",class="MESSAGE_TOO_LARGE"}': 1,
    'pidpiper_checkpoint_total{process="calculator",kind="assumed"}': 6,
    'pidpiper_checkpoint_missed_total{process="calculator"}': 7,
    'pidpiper_commit_total{process="calculator",result="ok"}': 11,
    'pidpiper_work_lag{process="calculator"}': 42,
    'pidpiper_fetch_age_seconds{process="calculator"}': 0.3,
    'pidpiper_child_up{process="calculator"}': 1,
    'pidpiper_event_loop_lag_seconds{quantile="0.99"}': 0.002,
    pidpiper_config_version: 77,
    pidpiper_consul_registered: 1,
    pidpiper_ready: 1,
    'pidpiper_build_info{version="1.2.3",platform_version="",node_id="wsp-1",instance="pod-1"}': 1,
  }
  for (const [name, value] of Object.entries(expected)) assert.equal(samples.get(name), value, name)
  assert.ok([...samples.keys()].every((name) => name.startsWith('pidpiper_')))
  assert.equal(types.get('pidpiper_records_in_total'), 'counter')
  assert.equal(types.get('pidpiper_work_lag'), 'gauge')
  assert.ok((samples.get('pidpiper_process_resident_memory_bytes') ?? 0) > 1e6)
})

test('a fact that is not known has no sample, and what is gone from the snapshot is gone from the next scrape', async (t) => {
  let snapshot = aSnapshot({ input: { lag: null } })
  const scrape = scraper(t, () => snapshot)
  const first = (await scrape()).samples
  assert.equal(first.has('pidpiper_work_lag{process="calculator"}'), false)
  assert.equal(first.has('pidpiper_stdin_unread_bytes{process="calculator"}'), false)
  snapshot = { ...snapshot, streams: [] }
  const second = (await scrape()).samples
  assert.equal([...second.keys()].filter((name) => name.startsWith('pidpiper_records_in_total')).length, 0)
})

test('two scrapes of one snapshot show the same counters', async (t) => {
  const scrape = scraper(t, () => aSnapshot())
  await scrape()
  assert.equal((await scrape()).samples.get('pidpiper_records_in_total{process="calculator"}'), 100)
})

test('CPU time and memory are read from /proc whatever the process is called', () => {
  assert.equal(cpuSeconds('1 (a) b (c) S 0 1 1 0 -1 4194560 9 9 9 9 250 50 7 7 20 0 1'), 3)
  assert.equal(residentBytes('VmHWM:\t 900 kB\nVmRSS:\t  20 kB\nRssAnon:\t 1 kB\n'), 20480)
})

test('the agent shows what it uses', async (t) => {
  const { samples } = await scraper(t, () => aSnapshot())()
  for (const name of ['process_cpu_seconds_total', 'process_open_fds', 'nodejs_heap_size_used_bytes']) {
    assert.ok((samples.get(`pidpiper_${name}`) ?? 0) > 0, name)
  }
})
