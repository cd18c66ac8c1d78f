import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Capture } from '../../../../src/faces/supervisord/output/capture.ts'

const begin = '<!--XSUPERVISOR:BEGIN-->'
const end = '<!--XSUPERVISOR:END-->'

/** What comes of these chunks: the log's text, and each capture's. */
function captured(chunks: readonly string[], maxBytes = 1000): { log: string; events: string[] } {
  const result = { log: '', events: [] as string[] }
  const capture = new Capture(maxBytes, {
    output: (bytes, isCaptured) => {
      if (!isCaptured) result.log += Buffer.from(bytes).toString()
    },
    complete: (bytes) => void result.events.push(Buffer.from(bytes).toString()),
  })
  for (const chunk of chunks) capture.write(Buffer.from(chunk))
  capture.end()
  return result
}

test('what stands between the marks is an event, all the rest is log', () => {
  assert.deepEqual(captured([`a${begin}one${end}b${begin}${end}c`]), { log: 'abc', events: ['one', ''] })
})

test('marks may be spread over chunks in any way', () => {
  const text = `x<!--${begin}<!--XSUP${end}y<!--XSUPERVISOR:BEGIN--`
  const cuts = fc.uniqueArray(fc.nat(text.length), { maxLength: 12 })
  fc.assert(
    fc.property(cuts, (places) => {
      const sorted = [0, ...places.sort((a, b) => a - b), text.length]
      const chunks = sorted.slice(1).map((place, index) => text.slice(sorted[index], place))
      assert.deepEqual(captured(chunks), { log: 'x<!--y<!--XSUPERVISOR:BEGIN--', events: ['<!--XSUP'] })
    }),
  )
})

test('a capture keeps its newest bytes', () => {
  assert.deepEqual(captured([begin, 'abc', 'defgh', end], 4).events, ['efgh'])
})

test('a capture that never ends is neither log nor event', () => {
  assert.deepEqual(captured([`a${begin}never`]), { log: 'a', events: [] })
})
