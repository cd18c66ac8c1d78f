import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ReadPace } from '../../src/os/read-pace.ts'

/** Rests that so many reads of one size, `every` ms, are followed by; a rest of 1 ms brings `rested` bytes. */
function restsOf(count: number, { bytes, every, rested }: { bytes: number; every: number; rested: number }): number {
  const pace = new ReadPace()
  let [now, rests, next] = [0, 0, bytes]
  for (let read = 0; read < count; read++) {
    const isResting = pace.rests(next, now)
    next = isResting ? rested : bytes
    now += isResting ? 1 : every
    if (isResting) rests += 1
  }
  return rests
}

test('a child that writes line by line without end is read once a rest', () => {
  assert.equal(restsOf(16, { bytes: 100, every: 0.01, rested: 10_000 }), 0)
  assert.equal(restsOf(116, { bytes: 100, every: 0.01, rested: 10_000 }), 100)
  // After a read that found much there is one more at once.
  assert.equal(restsOf(116, { bytes: 100, every: 0.01, rested: 100_000 }), 50)
})

test('nobody else waits: slow lines, large pieces, and who asks and answers', () => {
  assert.equal(restsOf(1000, { bytes: 100, every: 1, rested: 50_000 }), 0)
  assert.equal(restsOf(1000, { bytes: 20_000, every: 0.01, rested: 200_000 }), 0)
  assert.ok(restsOf(10_000, { bytes: 10, every: 0.1, rested: 10 }) < 10)
})
