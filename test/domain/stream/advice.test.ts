import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Advice } from '../../../src/domain/stream/advice.ts'

function after(checkpoints: readonly (readonly [records: number, lines: number])[]): Advice {
  const advice = new Advice()
  for (const [records, lines] of checkpoints) advice.observe(records, lines)
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
