import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { concatLines, lineAt, sliceLines, withoutEmpty, type Lines } from '../../../src/domain/stream/lines.ts'

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

function linesOf(texts: readonly string[]): Lines {
  const bytes = new TextEncoder().encode(texts.map((line) => `${line}\n`).join(''))
  const ends = new Uint32Array(texts.length)
  texts.reduce((at, line, i) => (ends[i] = at + new TextEncoder().encode(line).length + 1), 0)
  return { bytes, ends, count: texts.length }
}

const textsOf = (lines: Lines): string[] => Array.from({ length: lines.count }, (_, i) => text(lineAt(lines, i)))

const someTexts = fc.array(fc.string({ unit: fc.constantFrom('a', 'ü', ' '), maxLength: 4 }), { maxLength: 12 })

test('lines are cut out and put together again', () => {
  fc.assert(
    fc.property(someTexts, fc.nat(12), (texts, cut) => {
      const lines = linesOf(texts)
      const at = Math.min(cut, lines.count)
      const [head, tail] = [sliceLines(lines, 0, at), sliceLines(lines, at, lines.count)]
      assert.deepEqual(textsOf(head), texts.slice(0, at))
      assert.deepEqual(textsOf(tail), texts.slice(at))
      const whole = concatLines([head, tail])
      assert.deepEqual([text(whole.bytes), textsOf(whole)], [text(lines.bytes), texts])
    }),
  )
})

test('without its empty lines a batch knows where each line came from', () => {
  fc.assert(
    fc.property(someTexts, (texts) => {
      const kept = withoutEmpty(linesOf(texts))
      if (texts.every((line) => line !== '')) assert.equal(kept, null)
      else {
        assert.ok(kept)
        assert.deepEqual(
          textsOf(kept),
          texts.filter((line) => line !== ''),
        )
        assert.deepEqual(
          [...kept.origins].map((origin) => texts[origin]),
          textsOf(kept),
        )
      }
    }),
  )
})
