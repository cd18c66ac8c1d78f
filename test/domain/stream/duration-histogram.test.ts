import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { DURATION_BOUNDS, DurationHistogram } from '../../../src/domain/stream/duration-histogram.ts'

test('each bucket counts what is not longer than its bound', () => {
  const durations = fc.array(fc.record({ ms: fc.double({ min: 0, max: 1e6, noNaN: true }), count: fc.nat(1000) }))
  fc.assert(
    fc.property(durations, (all) => {
      const histogram = new DurationHistogram()
      for (const { ms, count } of all) histogram.observe(ms, count)
      const { upTo, count, sumSeconds } = histogram.read()
      const countOf = (fits: (ms: number) => boolean): number =>
        all.reduce((sum, each) => sum + (fits(each.ms) ? each.count : 0), 0)
      assert.deepEqual(
        upTo,
        DURATION_BOUNDS.map((bound) => countOf((ms) => ms <= bound * 1000)),
      )
      assert.equal(
        count,
        countOf(() => true),
      )
      const sum = all.reduce((total, each) => total + (each.ms * each.count) / 1000, 0)
      assert.ok(Math.abs(sumSeconds - sum) <= 1e-6 * (1 + sum))
    }),
  )
})

test('a clock that was set back makes nothing negative', () => {
  const histogram = new DurationHistogram()
  histogram.observe(-5000, 2)
  assert.deepEqual([histogram.read().count, histogram.read().sumSeconds, histogram.read().upTo[0]], [2, 0, 2])
})
