import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { frame, type FramingRules, type UnwrapValue } from '../../../src/domain/stream/framing.ts'
import type { Headers } from '../../../src/domain/stream/line-batch.ts'
import { batchOf, valuesOf } from './batches.ts'

const never: UnwrapValue = () => assert.fail('nothing to unwrap')
const rules = (newlines: FramingRules['newlines'], unwrap = false): FramingRules => ({ newlines, unwrap })
const texts = (...values: string[]): Buffer[] => values.map((value) => Buffer.from(value))
const HEADER: Headers = [['content-type', Buffer.from('x')]]

test('a batch without raw newlines comes back as it is', () => {
  const batch = batchOf(texts('a', '', 'c\\d\r'), [HEADER])
  for (const newlines of ['json', 'split', 'dead-letter'] as const) {
    assert.equal(frame(batch, rules(newlines), never).lines, batch)
  }
  const unescaped = batchOf(texts('a', ''))
  assert.equal(frame(unescaped, rules('escape'), never).lines, unescaped)
  const empty = batchOf([])
  assert.equal(frame(empty, rules('json'), never).lines, empty)
})

test('json: newlines of a JSON value become spaces, other values with newlines are refused', () => {
  const batch = batchOf(texts('plain', '{\n "a":\r\n 1}\n', '{"a":\n', '"a\nb"', '[\n\n]', 'x\ny'))
  const { lines, refused } = frame(batch, rules('json'), never)
  assert.deepEqual(valuesOf(lines), ['plain', '{  "a":\r  1} ', '[  ]'])
  assert.deepEqual(refused, [
    { index: 2, reason: 'raw-newline' },
    { index: 3, reason: 'raw-newline' },
    { index: 5, reason: 'raw-newline' },
  ])
  assert.deepEqual([...lines.offsets], [batch.offsets[0], batch.offsets[1], batch.offsets[4]])
  assert.deepEqual(
    [lines.firstOffset, lines.nextOffset, lines.epoch],
    [batch.firstOffset, batch.nextOffset, batch.epoch],
  )
  assert.equal(lines.context.timestamp(2), 1004)
  assert.equal(Buffer.from(lines.context.key(1) ?? []).toString(), 'key 1')
})

test('dead-letter: every value with a newline is refused, JSON or not', () => {
  const { lines, refused } = frame(batchOf(texts('[\n]', 'b', 'c\n')), rules('dead-letter'), never)
  assert.deepEqual(valuesOf(lines), ['b'])
  assert.deepEqual(
    refused.map(({ index }) => index),
    [0, 2],
  )
})

test('a batch can be refused as a whole', () => {
  const { lines, refused } = frame(batchOf(texts('a\nb')), rules('dead-letter'), never)
  assert.equal(lines.count, 0)
  assert.equal(lines.bytes.length, 0)
  assert.equal(refused.length, 1)
})

test('split: fragments are lines with the offset and context of their record', () => {
  const batch = batchOf(texts('a', 'b\nc\n', 'd'))
  const { lines, refused } = frame(batch, rules('split'), never)
  assert.deepEqual(valuesOf(lines), ['a', 'b', 'c', '', 'd'])
  assert.deepEqual([...lines.offsets], [100, 101, 101, 101, 103])
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((index) => lines.context.timestamp(index)),
    [1000, 1001, 1001, 1001, 1002],
  )
  assert.deepEqual(refused, [])
})

test('split: as many fragments as refused records do not mix up whose they are', () => {
  const batch = batchOf(texts('bad', 'b\nc', 'd'), [HEADER])
  const { lines } = frame(batch, rules('split', true), () => 'broken')
  assert.deepEqual(valuesOf(lines), ['b', 'c', 'd'])
  assert.deepEqual([...lines.offsets], [101, 101, 103])
  assert.equal(lines.context.timestamp(0), 1001)
})

test('escape: every value can be undone, with or without newlines', () => {
  const value = fc
    .array(fc.constantFrom(0x0a, 0x5c, 0x6e, 0x61, 0xff), { maxLength: 20 })
    .map((bytes) => Buffer.from(bytes))
  fc.assert(
    fc.property(fc.array(value, { maxLength: 8 }), (values) => {
      const { lines, refused } = frame(batchOf(values), rules('escape'), never)
      assert.deepEqual(refused, [])
      assert.deepEqual(
        valuesOf(lines).map((line) => line.replace(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : '\\'))),
        values.map((v) => v.toString('latin1')),
      )
      assert.equal(lines.bytes.filter((byte) => byte === 0x0a).length, values.length)
    }),
  )
})

test('unwrap: data replaces the value before the newline rule, broken ones are refused, others stay', () => {
  const headers: Headers[] = [HEADER, [], HEADER, HEADER, HEADER]
  const asked: string[] = []
  const unwrap: UnwrapValue = (value, given) => {
    assert.equal(given, HEADER)
    const text = Buffer.from(value).toString()
    asked.push(text)
    return text === 'bad'
      ? 'broken'
      : text === 'foreign'
        ? null
        : Buffer.from(`[\n"${text}"]`.repeat(text === 'two' ? 40 : 1))
  }
  const batch = batchOf(texts('one', 'no header', 'bad', 'foreign', 'two'), headers)
  const { lines, refused } = frame(batch, rules('json', true), unwrap)
  assert.deepEqual(asked, ['one', 'bad', 'foreign', 'two'])
  assert.deepEqual(valuesOf(lines), ['[ "one"]', 'no header', 'foreign'])
  assert.deepEqual(refused, [
    { index: 2, reason: 'bad-dataframe' },
    { index: 4, reason: 'raw-newline' },
  ])
})

test('unwrap: nothing is asked where no record has a header, or where it is switched off', () => {
  const plain = batchOf(texts('a'))
  assert.equal(frame(plain, rules('json', true), never).lines, plain)
  const headed = batchOf(texts('a'), [HEADER])
  assert.equal(frame(headed, rules('json', false), never).lines, headed)
})
