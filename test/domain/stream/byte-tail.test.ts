import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ByteTail } from '../../../src/domain/stream/byte-tail.ts'

const tailOf = (room: number, ...pieces: readonly (string | Uint8Array)[]): ByteTail => {
  const tail = new ByteTail(room)
  for (const piece of pieces) tail.push(typeof piece === 'string' ? new TextEncoder().encode(piece) : piece)
  return tail
}

test('however a flow is cut into pieces, the tail is that of the whole', () => {
  const line = fc.string({ unit: fc.constantFrom('a', 'b', '\n'), maxLength: 40 })
  fc.assert(
    fc.property(fc.array(line, { maxLength: 8 }), fc.integer({ min: 1, max: 30 }), (pieces, room) => {
      const all = pieces.join('')
      const lines = all.slice(-room).split('\n')
      if (lines.at(-1) === '') lines.pop()
      if (all.length > room && lines.length > 1) lines.shift()
      else if (all.length > room) lines[0] = `…${lines[0] ?? ''}`
      assert.deepEqual(tailOf(room, ...pieces).lines(Infinity, Infinity), lines)
    }),
  )
})

test('what was pushed may change afterwards', () => {
  const bytes = new TextEncoder().encode('one\n')
  const tail = tailOf(16, bytes)
  bytes.fill(0)
  assert.deepEqual(tail.lines(9, 9), ['one'])
})

test('only so many lines, and so much of each', () => {
  assert.deepEqual(tailOf(99, 'a\nbb\nccc\ndddd').lines(2, 3), ['ccc', 'ddd…'])
  assert.deepEqual(tailOf(99).lines(2, 3), [])
})

test('what is no text cannot move a cursor', () => {
  const odd = Uint8Array.of(0x1b, 0x5b, 0x41, 0xff, 0xc3, 0xbc, 0x0d, 0x0a)
  assert.deepEqual(tailOf(99, odd).lines(9, 9), ['\\x1b[A\ufffdü\\x0d'])
})

test('a character on the border of the ring is one character', () => {
  assert.deepEqual(tailOf(7, 'ab\n', 'xü', 'ü\n').lines(9, 9), ['xüü'])
})
