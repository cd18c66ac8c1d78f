import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { TransactionExtent, type PartitionStanding } from '../../../src/domain/transactions/extent.ts'

const at = (partition: number, epoch = 1): { topic: string; partition: number; epoch: number } => ({
  ...{ topic: 't', partition, epoch },
})

test('clean exactly when each position lies at or past everything that was written for the partition', () => {
  const writes = fc.array(fc.record({ partition: fc.nat(2), end: fc.integer({ min: 1, max: 9 }) }), { maxLength: 8 })
  const positions = fc.array(fc.option(fc.integer({ min: 0, max: 10 })), { minLength: 3, maxLength: 3 })
  fc.assert(
    fc.property(writes, positions, (list, standing) => {
      const extent = new TransactionExtent()
      for (const { partition, end } of list) extent.reaches(at(partition), end)
      const isClean = list.every(({ partition, end }) => (standing[partition] ?? -1) >= end)
      const verdict = extent.verdict(({ partition }) => ({ epoch: 1, position: standing[partition] ?? null }), false)
      assert.equal(verdict, isClean ? 'clean' : 'early')
      assert.equal(extent.isEmpty, list.length === 0)
    }),
  )
})

test('void when the partition is read again, or is somebody else’s: no position can make up for that', () => {
  for (const standing of [null, { epoch: 2, position: 100 }] satisfies (PartitionStanding | null)[]) {
    const extent = new TransactionExtent()
    extent.reaches(at(0), 5)
    assert.equal(
      extent.verdict(() => standing, true),
      'void',
    )
  }
  const extent = new TransactionExtent()
  extent.reaches(at(0, 1), 50)
  extent.reaches(at(0, 2), 5)
  for (const epoch of [1, 2]) {
    assert.equal(
      extent.verdict(() => ({ epoch, position: 50 }), true),
      'void',
    )
  }
})

test('lines that belong to no record wait until nothing is in work', () => {
  const extent = new TransactionExtent()
  extent.reachesAnything()
  const nowhere = (): null => null
  assert.deepEqual([extent.verdict(nowhere, false), extent.verdict(nowhere, true)], ['early', 'clean'])
  assert.ok(extent.touches(at(7)) && !extent.isEmpty)
  extent.clear()
  assert.ok(!extent.touches(at(7)) && extent.isEmpty)
})
