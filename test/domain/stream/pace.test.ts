import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  afterWorkedOff,
  afterWrite,
  FLOWING,
  initialPace,
  isFlowing,
  type Pace,
} from '../../../src/domain/stream/pace.ts'

/** The credit after `rounds` pieces, for a child that needs `msPerByte`. */
function settle(msPerByte: number, rounds: number): Pace {
  let pace = initialPace
  for (let i = 0; i < rounds; i++) {
    const bytes = Math.max(100, pace.credit)
    const elapsed = bytes * msPerByte
    pace = isFlowing(pace) ? afterWrite(pace, bytes, elapsed) : afterWorkedOff(pace, bytes, elapsed)
  }
  return pace
}

test('a fast child is soon given as much as it takes', () => {
  assert.ok(isFlowing(settle(0.000_01, 10)))
})

test('a slow child never has more than about half a second of work ahead of it', () => {
  for (const msPerByte of [0.02, 0.1, 1, 10]) {
    const { credit } = settle(msPerByte, 40)
    assert.ok(credit * msPerByte <= 2 * 500, `${credit} bytes at ${msPerByte} ms each`)
  }
})

test('a child that becomes slow while it flows is paced again', () => {
  const paced = afterWrite({ credit: FLOWING }, FLOWING, 10_000)
  assert.ok(!isFlowing(paced))
  assert.ok(paced.credit >= 1)
})

test('one line always passes', () => {
  assert.ok(settle(1000, 40).credit >= 1)
})
