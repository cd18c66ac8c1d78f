import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { faultKinds, faultPlan } from './fault-plan.ts'

test('the same seed gives the same plan, and another one another plan', () => {
  assert.deepEqual(faultPlan(7, 10), faultPlan(7, 10))
  assert.notDeepEqual(faultPlan(7, 10), faultPlan(8, 10))
})

test('a plan has as many faults as asked, of at least five kinds, with times in their bounds', () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 5, max: 30 }), (seed, count) => {
      const plan = faultPlan(seed, count)
      assert.equal(plan.length, count)
      assert.ok(new Set(plan.map(({ kind }) => kind)).size >= 5)
      for (const { kind, afterMs, lastsMs } of plan) {
        assert.ok(afterMs >= 500 && afterMs <= 3_500)
        assert.ok(lastsMs >= 0 && lastsMs <= 10_000)
        if (kind === 'agent-stop-long') assert.ok(lastsMs > 6_000)
      }
    }),
  )
})

test('every kind is drawn by some seed, and only those that are asked for', () => {
  const drawn = new Set(
    Array.from({ length: 100 }, (_, seed) => faultPlan(seed, 10)).flatMap((plan) => plan.map(({ kind }) => kind)),
  )
  assert.deepEqual([...drawn].sort(), [...faultKinds].sort())
  assert.ok(faultPlan(1, 6, ['document']).every(({ kind }) => kind === 'document'))
})
