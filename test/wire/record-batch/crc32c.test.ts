import assert from 'node:assert/strict'
import { test } from 'node:test'
import { crc32c as oracle } from '@platformatic/wasm-utils'
import fc from 'fast-check'
import { crc32c } from '../../../src/wire/record-batch/crc32c.ts'

test('known answers (RFC 3720 B.4)', () => {
  const ascending = Buffer.from(Array.from({ length: 32 }, (_, i) => i))
  assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa)
  assert.equal(crc32c(Buffer.alloc(32, 0xff)), 0x62a8ab43)
  assert.equal(crc32c(ascending), 0x46dd794e)
  assert.equal(crc32c(ascending.toReversed()), 0x113fdb5c)
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283)
  assert.equal(crc32c(Buffer.alloc(0)), 0)
})

test('any length at any place in memory, in one go or in two', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300, size: 'max' }),
      fc.nat(20),
      fc.nat(20),
      fc.nat(300),
      (array, before, after, cut) => {
        const bytes = Buffer.concat([Buffer.alloc(before, 1), array, Buffer.alloc(after, 1)])
        const end = before + array.length
        const expected = oracle(array)
        assert.equal(crc32c(bytes, before, end), expected)
        const middle = Math.min(before + cut, end)
        assert.equal(crc32c(bytes, middle, end, crc32c(bytes, before, middle)), expected)
      },
    ),
    { numRuns: 300 },
  )
})
