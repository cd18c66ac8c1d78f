import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GivenRecords } from '../../../src/engine/stream/given-records.ts'
import { batchOf } from '../../support/stream-world.ts'

const batch = batchOf(
  { topic: 'in', partition: 0 },
  1,
  0,
  Array.from({ length: 100 }, (_, i) => `${i}`),
)

test('each record has the time of the write that it was part of', () => {
  const given = new GivenRecords()
  const writes = [1, 2, 10, 60, 99]
  writes.forEach((to, index) => given.give(batch, to, index))
  for (let record = 0; record < 99; record++) {
    const write = writes.findIndex((to) => record < to)
    assert.equal(given.at(batch, record), write, `record ${record}`)
  }
  assert.equal(given.at(batch, 99), null, 'not given yet')
  assert.equal(given.at(batchOf({ topic: 'in', partition: 1 }, 1, 0, ['x']), 0), null)
})

test('a checkpoint claims what was given since the one before, and no more is kept than so much', () => {
  const given = new GivenRecords()
  given.await(batch, 0, 60)
  given.await(batch, 60, 60)
  given.await(batch, 60, 100)
  assert.deepEqual(given.claim(), [
    { stamped: 0, records: 60 },
    { stamped: 0, records: 40 },
  ])
  for (let i = 0; i < 10_000; i++) given.await(batch, 0, 3)
  const claimed = given.claim()
  assert.ok(claimed.length < 5_000)
  assert.equal(
    claimed.reduce((sum, { records }) => sum + records, 0),
    30_000,
  )
  assert.deepEqual(given.claim(), [])
})
