import assert from 'node:assert/strict'
import { test } from 'node:test'
import { destinationOf } from '../../../src/domain/dead-letters/destination.ts'
import { letterAt, type Letter } from '../../../src/domain/dead-letters/letter.ts'
import { EVERYTHING, isSelected } from '../../../src/domain/dead-letters/selection.ts'
import type { Headers } from '../../../src/domain/stream/line-batch.ts'

function letter(value: string, headers: Readonly<Record<string, string | null>>): Letter {
  const list: Headers = Object.entries(headers).map(([name, text]) => [name, text === null ? null : Buffer.from(text)])
  const bytes = Buffer.from(`${value}\n`)
  const context = { hasHeaders: true, key: () => null, headers: () => list, timestamp: () => 1000 }
  const place = { topic: 'out.dead-letter', partition: 2, epoch: 0, firstOffset: 7, nextOffset: 8 }
  const [ends, offsets] = [Uint32Array.of(bytes.length), Float64Array.of(7)]
  return letterAt({ ...place, count: 1, bytes, ends, offsets, tombstones: 0, besides: 0, context }, 0)
}

const from = { 'x-dlq-topic': 'in', 'x-dlq-partition': '3', 'x-dlq-offset': '41', 'x-dlq-timestamp': '500' }
const back = { from: 'out.dead-letter', to: null, force: false }

test('a letter is taken apart: its own headers, the reason, the source, the other facts', () => {
  const headers = { trace: 't', none: null, 'x-dlq-reason': 'crash', ...from, 'x-dlq-signal': 'SIGSEGV' }
  const { source, facts, ...rest } = letter('a\nb', headers)
  assert.deepEqual(source, { topic: 'in', partition: 3, offset: 41, timestamp: 500 })
  assert.equal(facts.get('signal'), 'SIGSEGV')
  assert.deepEqual(rest, {
    ...{
      partition: 2,
      offset: 7,
      time: 1000,
      key: null,
      value: Buffer.from('a\nb'),
      reason: 'crash',
      fullLength: null,
    },
    headers: [
      ['trace', Buffer.from('t')],
      ['none', null],
    ],
  })
})

test('what somebody else has written is a letter of unknown reason and source', () => {
  const odd = { 'x-dlq-topic': '', 'x-dlq-partition': '-1', 'x-dlq-length': '1e9', 'x-dlq-truncated': 'yes' }
  const { reason, source, fullLength } = letter('v', odd)
  assert.deepEqual([reason, source, fullLength], ['unknown', null, null])
  const half = letter('v', { 'x-dlq-topic': 'in', 'x-dlq-offset': '99999999999999999999' }).source
  assert.deepEqual(half, { topic: 'in', partition: null, offset: null, timestamp: null })
})

test('only what was cut is cut', () => {
  assert.equal(letter('1234', { 'x-dlq-truncated': '9000' }).fullLength, 9000)
  assert.equal(letter('1234', { 'x-dlq-length': '2000' }).fullLength, 2000)
  assert.equal(letter('1234', { 'x-dlq-length': '4' }).fullLength, null)
})

test('records go back to their partition, answers need a topic, and a cut letter needs force', () => {
  for (const reason of ['raw-newline', 'bad-dataframe', 'crash', 'no-answer', 'nack']) {
    const record = letter('v', { 'x-dlq-reason': reason, ...from })
    assert.deepEqual(destinationOf(record, back), { topic: 'in', partition: 3, timestamp: 500 })
    assert.equal(destinationOf(record, { ...back, from: 'in' }), 'own-topic')
  }
  for (const reason of ['not-json', 'oversized-line', 'MESSAGE_TOO_LARGE']) {
    const answer = letter('v', { 'x-dlq-reason': reason, ...from })
    assert.equal(destinationOf(answer, back), 'answer')
    assert.deepEqual(destinationOf(answer, { ...back, to: 'x' }), { topic: 'x', partition: null, timestamp: 500 })
  }
  assert.equal(destinationOf(letter('v', { 'x-dlq-reason': 'of-tomorrow', ...from }), back), 'no-source')
  assert.equal(destinationOf(letter('v', { 'x-dlq-reason': 'crash' }), back), 'no-source')
  const cut = letter('v', { 'x-dlq-reason': 'crash', 'x-dlq-truncated': '9', ...from })
  assert.equal(destinationOf(cut, { ...back, to: 'x' }), 'truncated')
  assert.deepEqual(destinationOf(cut, { ...back, force: true }), { topic: 'in', partition: 3, timestamp: 500 })
})

test('filters: since is included, until is not', () => {
  const crash = letter('v', { 'x-dlq-reason': 'crash' })
  const fits = (over: object): boolean => isSelected({ ...EVERYTHING, ...over }, crash)
  assert.ok(fits({}) && fits({ reasons: ['x', 'crash'] }) && fits({ partition: 2, offset: 7 }))
  assert.ok(fits({ since: 1000 }) && !fits({ since: 1001 }) && fits({ until: 1001 }) && !fits({ until: 1000 }))
  assert.ok(!fits({ reasons: ['x'] }) && !fits({ partition: 1 }) && !fits({ partition: 2, offset: 8 }))
})
