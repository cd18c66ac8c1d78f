import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changeClass, deadLetterTopicOf, type ChangeClass } from '../../src/domain/stream/change-class.ts'
import type { StreamSettings } from '../../src/domain/stream/settings.ts'
import { plainSettings } from '../support/plain-settings.ts'

const base: StreamSettings = {
  ...plainSettings,
  inputTopics: ['a', 'b'],
  args: ['-u', '-'],
  env: { A: '1', B: '2' },
}

const cases: readonly (readonly [Partial<StreamSettings>, readonly ChangeClass[]])[] = [
  [{}, []],
  [{ inputTopics: ['a', 'b'], args: ['-u', '-'], env: { B: '2', A: '1' } }, []],
  [{ inputTopics: ['a'] }, ['consumer']],
  [{ inputTopics: ['a', 'b', 'c'] }, ['consumer']],
  [{ inputFrom: 17 }, ['consumer']],
  [{ outputTopic: 'other' }, ['producer']],
  [{ outputFormat: 'raw' }, ['producer']],
  [{ outputJson: true }, ['producer']],
  [{ deadLetterTopic: 'lost' }, ['producer']],
  [{ deadLetterTopic: 'out.dead-letter' }, ['producer']],
  [{ deadLetterAttempts: 4 }, ['live']],
  [{ protocol: 'one-to-one' }, ['calculator']],
  [{ workers: 2 }, ['calculator']],
  [{ bin: null }, ['calculator']],
  [{ args: ['-', '-u'] }, ['calculator']],
  [{ args: [] }, ['calculator']],
  [{ env: { A: '1', B: '3' } }, ['calculator']],
  [{ env: { A: '1', C: '2' } }, ['calculator']],
  [{ env: { A: '1' } }, ['calculator']],
  [{ outputTopic: 'x', args: ['y'], deadLetterAttempts: 1 }, ['calculator', 'live', 'producer']],
]

for (const [change, expected] of cases) {
  test(`${JSON.stringify(change)} is ${expected.join(' and ') || 'no change'}`, () => {
    assert.deepEqual([...changeClass(base, { ...base, ...change })].sort(), expected)
  })
}

test('a dead-letter topic that follows the input topics changes the producer too', () => {
  const from = { ...base, outputTopic: null }
  assert.deepEqual([...changeClass(from, { ...from, inputTopics: ['c'] })].sort(), ['consumer', 'producer'])
  assert.deepEqual([...changeClass(from, { ...from, inputTopics: ['a'] })], ['consumer'])
})

test('the dead-letter topic is named, else derived from the output, else from the first input', () => {
  assert.equal(deadLetterTopicOf({ ...base, deadLetterTopic: 'lost' }), 'lost')
  assert.equal(deadLetterTopicOf(base), 'out.dead-letter')
  assert.equal(deadLetterTopicOf({ ...base, outputTopic: null }), 'a.dead-letter')
  assert.equal(deadLetterTopicOf({ ...base, outputTopic: null, inputTopics: [] }), null)
})
