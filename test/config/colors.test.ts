import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wantsColors } from '../../src/config/colors.ts'

test('a terminal is coloured unless NO_COLOR says something; nothing else ever is', () => {
  const terminal = { isTTY: true }
  assert.equal(wantsColors(terminal, {}), true)
  assert.equal(wantsColors(terminal, { NO_COLOR: '' }), true)
  assert.equal(wantsColors(terminal, { NO_COLOR: '1' }), false)
  for (const stream of [{}, { isTTY: false }]) assert.equal(wantsColors(stream, {}), false)
})
