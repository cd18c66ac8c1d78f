import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { AnsiStripper } from '../../../../src/faces/supervisord/output/strip-ansi.ts'
import { bytesRepr, textOfBytes } from '../../../../src/faces/supervisord/output/text-of-bytes.ts'

const strip = (...chunks: string[]): string => {
  const stripper = new AnsiStripper()
  return chunks.map((chunk) => Buffer.from(stripper.strip(Buffer.from(chunk, 'latin1'))).toString('latin1')).join('')
}

test('escape sequences are taken out, wherever a chunk ends', () => {
  const text = 'a\x1b[31mred\x1b[0m b\x1bc\x1b[2Jd'
  assert.equal(strip(text), 'ared b\x1bcd')
  for (let cut = 0; cut <= text.length; cut++) {
    assert.equal(strip(text.slice(0, cut), text.slice(cut)), 'ared b\x1bcd', `cut at ${cut}`)
  }
})

test('text without escapes stays the very same bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const plain = bytes.filter((byte) => byte !== 0x1b)
      assert.equal(new AnsiStripper().strip(plain), plain)
    }),
  )
})

test('bytes that are no UTF-8 are told as Python writes them', () => {
  assert.equal(textOfBytes(Buffer.from('øå')), 'øå')
  assert.equal(textOfBytes(Buffer.from([0x88, 0x0a])), "Undecodable: b'\\x88\\n'")
  assert.equal(bytesRepr(Buffer.from(`it's\t\\`)), `b"it's\\t\\\\"`)
  assert.equal(bytesRepr(Buffer.from(`'"`)), `b'\\'"'`)
})
