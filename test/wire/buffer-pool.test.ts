import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BufferPool } from '../../src/wire/buffer-pool.ts'

const KIB = 1024

test('memory that was given back serves again, for about as much', () => {
  const pool = new BufferPool(1024 * KIB)
  const first = pool.take(250 * KIB)
  assert.equal(first.length, 250 * KIB)
  assert.equal(first.byteOffset, 0)
  pool.give(first.subarray(7, 9))
  assert.notEqual(pool.take(600 * KIB).buffer, first.buffer)
  assert.notEqual(pool.take(100 * KIB).buffer, first.buffer)
  assert.equal(pool.take(240 * KIB).buffer, first.buffer)
})

test('nobody gets memory that somebody else has: given twice, or not from here, it does not serve', () => {
  const pool = new BufferPool(1024 * KIB)
  const mine = pool.take(128 * KIB)
  pool.give(mine)
  pool.give(mine)
  const foreign = Buffer.allocUnsafeSlow(128 * KIB)
  pool.give(foreign)
  const taken = Array.from({ length: 3 }, () => pool.take(128 * KIB).buffer)
  assert.equal(new Set(taken).size, 3)
  assert.ok(!taken.includes(foreign.buffer))
})

test('no more lies unused than was said, the oldest goes first', () => {
  const pool = new BufferPool(256 * KIB)
  const buffers = Array.from({ length: 3 }, () => pool.take(128 * KIB))
  for (const buffer of buffers) pool.give(buffer)
  const again = new Set(Array.from({ length: 3 }, () => pool.take(128 * KIB).buffer))
  assert.deepEqual(
    buffers.map(({ buffer }) => again.has(buffer)),
    [false, true, true],
  )
})

test('little memory is as large as asked for, and is left to the collector', () => {
  const pool = new BufferPool(1024 * KIB)
  const small = pool.take(100)
  assert.equal(small.buffer.byteLength, 100)
  pool.give(small)
  assert.notEqual(pool.take(100).buffer, small.buffer)
})
