import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CalculatorMetrics, METRICS_MAX } from '../../../src/domain/control/metrics.ts'

test('a gauge is its last value, a counter the sum of all', () => {
  const metrics = new CalculatorMetrics()
  for (const value of [3, 1]) {
    assert.equal(metrics.take({ name: 'depth', kind: 'gauge', value }), null)
    assert.equal(metrics.take({ name: 'hits', kind: 'counter', value }), null)
  }
  assert.deepEqual(
    metrics.list().map(({ name, value }) => [name, value]),
    [
      ['depth', 1],
      ['hits', 4],
    ],
  )
  assert.match(metrics.take({ name: 'hits', kind: 'gauge', value: 1 }) ?? '', /"hits" is a counter already/)
})

test('names are bounded, those that are known go on', () => {
  const metrics = new CalculatorMetrics()
  const take = (i: number): string | null => metrics.take({ name: `m${i}`, kind: 'gauge', value: i })
  for (let i = 0; i < METRICS_MAX; i++) assert.equal(take(i), null)
  assert.match(take(METRICS_MAX) ?? '', /more than 100 names/)
  assert.equal(take(7), null)
  assert.equal(metrics.list().length, METRICS_MAX)
})
