import assert from 'node:assert/strict'
import { test } from 'node:test'
import { edits, nearestName } from '../../src/domain/nearest-name.ts'

test('edits are letters to add, drop or change', () => {
  assert.equal(edits('', ''), 0)
  assert.equal(edits('', 'abc'), 3)
  assert.equal(edits('abc', ''), 3)
  assert.equal(edits('kitten', 'sitting'), 3)
  assert.equal(edits('flaw', 'lawn'), 2)
  assert.equal(edits('topic', 'topic'), 0)
})

test('the nearest name is one that was probably meant, or none', () => {
  const names = ['topics', 'autorestart', 'stopwaitsecs']
  assert.equal(nearestName('auto_restrat', names), 'autorestart')
  assert.equal(nearestName('TOPIC', names), 'topics')
  assert.equal(nearestName('command', names), null)
  assert.equal(nearestName('topics', []), null)
  assert.equal(nearestName('t'.repeat(41), ['t'.repeat(41)]), null)
})
