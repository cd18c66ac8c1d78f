import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { test } from 'node:test'
import { metricsDocument } from '../../scripts/documents/metrics.ts'
import { createMetrics, describedMetrics } from '../../src/http/metrics.ts'
import { aSnapshot } from './a-snapshot.ts'
import { parseMetrics } from './parse-metrics.ts'

const url = new URL('../../docs/metrics.md', import.meta.url)

// UPDATE_DOCUMENTS=1 writes the file instead, after a change of a table.
test('docs/metrics.md is equal to the tables of metrics', () => {
  if (process.env['UPDATE_DOCUMENTS'] === '1') writeFileSync(url, metricsDocument())
  assert.equal(readFileSync(url, 'utf8'), metricsDocument())
})

test('what a scrape shows is what is described, with no label more', async (t) => {
  const partitions = [{ topic: 'readings', partition: 2, lag: 42, progressAgeMs: 1500 }]
  const snapshot = aSnapshot({ stream: { partitions } })
  const metrics = createMetrics(
    () => snapshot,
    () => 4096,
  )
  t.after(() => metrics.close())
  const { samples, types } = parseMetrics(await metrics.text())
  const described = new Map(describedMetrics().map((each) => [each.name, each]))
  assert.deepEqual([...types.keys()].sort(), [...described.keys()].sort())
  for (const [name, { kind }] of described) assert.equal(types.get(name), kind, name)
  for (const sample of samples.keys()) {
    const [, full = '', labels = ''] = /^(\w+)(?:\{(.*)\})?$/.exec(sample) ?? []
    const metric = described.get(full) ?? described.get(full.replace(/_(bucket|sum|count)$/, ''))
    assert.ok(metric, sample)
    const shown = [...labels.matchAll(/(\w+)="/g)].map(([, label = '']) => label).filter((label) => label !== 'le')
    assert.deepEqual(shown.sort(), [...metric.labels].sort(), sample)
  }
})
