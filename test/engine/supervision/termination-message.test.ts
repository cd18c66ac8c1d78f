import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { BlackBox } from '../../../src/engine/stream/black-box.ts'
import { terminationMessage } from '../../../src/engine/supervision/termination-message.ts'

const box = (changes: Partial<BlackBox> = {}): BlackBox => ({
  ...{ process: 'calculator', pid: 7, exitCode: 3, signal: null, death: 'crash', aliveMs: 1, inFlight: 1 },
  ...{ fed: ['in 1', 'in 2'], printed: ['out 1'], stderr: [] },
  ...changes,
})

test('the reason comes first, then the last words', () => {
  assert.equal(
    terminationMessage('calculator ended: exit code 3', box(), ['Traceback', 'ValueError: bad']),
    [
      'calculator ended: exit code 3',
      ...['last stderr:', 'Traceback', 'ValueError: bad'],
      ...['last output:', 'out 1', 'last input:', 'in 1', 'in 2', ''],
    ].join('\n'),
  )
  assert.equal(terminationMessage('cannot listen', null, []), 'cannot listen\n')
})

test('it fits whatever was said, and the newest lines of each kind are what is left', () => {
  const line = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 2000 })
  const lines = fc.array(line, { minLength: 1, maxLength: 30 })
  fc.assert(
    fc.property(line, lines, lines, lines, (reason, fed, printed, stderr) => {
      const message = terminationMessage(reason, box({ fed, printed }), stderr)
      assert.ok(Buffer.byteLength(message) <= 4096)
      for (const heading of ['last stderr:', 'last output:', 'last input:'])
        assert.ok(message.includes(`\n${heading}\n`))
      const last = (fed.at(-1) ?? '').slice(0, 100)
      assert.ok(message.includes(last))
    }),
    { numRuns: 50 },
  )
})
