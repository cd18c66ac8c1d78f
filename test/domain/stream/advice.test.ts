import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Advice } from '../../../src/domain/stream/advice.ts'

function after(checkpoints: readonly (readonly [records: number, lines: number])[]): Advice {
  const advice = new Advice()
  for (const [records, lines] of checkpoints) advice.observe(records, lines, lines * 10)
  return advice
}

const times = <T>(count: number, value: T): T[] => Array.from({ length: count }, () => value)

test('a line for each record, twenty checkpoints long: one-to-one', () => {
  assert.equal(after(times(19, [100, 100])).advised, null)
  assert.equal(after(times(20, [100, 100])).advised, 'one-to-one')
  assert.equal(after(times(20, [1, 1])).advised, null, 'too few records')
})

test('never a line: sink', () => {
  assert.equal(after(times(20, [100, 0])).advised, 'sink')
})

test('one checkpoint that disagrees, and the evidence begins anew; an empty one says nothing', () => {
  assert.equal(after([...times(30, [100, 100] as const), [100, 99]]).advised, null)
  assert.equal(after([...times(19, [100, 100] as const), [100, 0], ...times(19, [100, 100] as const)]).advised, null)
  assert.equal(after([...times(20, [100, 100] as const), [0, 0]]).advised, 'one-to-one')
})

test('lines that come in whole buffers, though each ends with a newline: flush', () => {
  const advice = new Advice()
  // Python: 83 lines of 98 bytes are what fits 8,192; a busy interval brings three of those.
  for (const buffers of [1, 3, 1]) {
    assert.equal(advice.advised, null)
    advice.observe(0, 0, 0)
    advice.observe(100, 83 * buffers, 83 * 98 * buffers)
  }
  assert.equal(advice.advised, 'flush')
})

test('lines that come one by one, or in groups of any other size, are no buffers', () => {
  const bytes = fc.integer({ min: 1, max: 40_000 }).filter((size) => size % 4096 > 0 && size % 4096 < 2048)
  fc.assert(
    fc.property(fc.array(fc.tuple(bytes, fc.integer({ min: 1, max: 500 })), { minLength: 3 }), (intervals) => {
      const advice = new Advice()
      for (const [size, lines] of intervals) advice.observe(lines + 1, lines, size)
      assert.notEqual(advice.advised, 'flush')
    }),
  )
})
