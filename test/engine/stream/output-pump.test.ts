import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'
import type { LineBatch } from '../../../src/domain/stream/line-batch.ts'
import { HeldLetters, HeldSink, pumpWorld, values } from '../../support/pump-world.ts'
import { batchOf } from '../../support/stream-world.ts'
import { waitFor } from '../../support/wait-for.ts'

test('batches are written before earlier ones are acknowledged, and answers are told in their order', async () => {
  const { sink, push, answersTold } = pumpWorld()
  for (let i = 0; i < 3; i++) {
    push(i, i + 1)
    await turn()
  }
  assert.deepEqual(
    sink.writes.map(({ values }) => values.join()),
    ['a0', 'a1', 'a2'],
  )
  sink.writes[2]?.ack.resolve([])
  sink.writes[1]?.ack.resolve([])
  await turn()
  assert.deepEqual(answersTold(), [])
  sink.writes[0]?.ack.resolve([])
  await turn()
  assert.deepEqual(answersTold(), ['answered 0-1', 'answered 1-2', 'answered 2-3'])
})

test('memory is free only of what is stored with everything before it, and never of what was given up', async () => {
  const { sink, push, landed, pump } = pumpWorld()
  for (let i = 0; i < 3; i++) {
    push(i, i + 1)
    await turn()
  }
  sink.writes[1]?.ack.resolve([])
  await turn()
  assert.deepEqual(landed, [])
  sink.writes[0]?.ack.resolve([])
  await turn()
  assert.deepEqual(landed, ['a0', 'a1'])
  pump.abandon()
  sink.writes[2]?.ack.resolve([])
  await turn()
  assert.deepEqual(landed, ['a0', 'a1'])
})

test('values under way are bounded by their size, and one alone goes whatever its size', async () => {
  const { sink, pump } = pumpWorld()
  const lineOf = (bytes: number): LineBatch => batchOf({ topic: 'in', partition: 0 }, 1, 0, ['x'.repeat(bytes)])
  const push = (bytes: number): void =>
    pump.push({ lines: lineOf(bytes), attributions: null, done: [], incarnation: 1, sequence: 0 })
  for (let i = 0; i < 8; i++) push(1 << 20)
  await waitFor('as many as may be under way', () => sink.writes.length === 6)
  push(7 << 20)
  sink.writes[0]?.ack.resolve([])
  await turn()
  assert.equal(sink.writes.length, 7)
  for (const { ack } of sink.writes) ack.resolve([])
  await waitFor('the rest', () => sink.writes.length === 9)
  assert.equal(sink.writes[8]?.values[0]?.length, 7 << 20)
})

test('what waits while enough is under way goes out as one batch', async () => {
  const { sink, push, pump } = pumpWorld()
  for (let i = 0; i < 40; i++) {
    push(i, i + 1)
    await turn()
  }
  assert.equal(sink.writes.length, 16)
  sink.writes[0]?.ack.resolve([])
  await turn()
  assert.deepEqual(
    sink.writes[16]?.values,
    Array.from({ length: 24 }, (_, i) => `a${16 + i}`),
  )
  for (const { ack } of sink.writes) ack.resolve([])
  assert.equal(await pump.flushed(), true)
  assert.equal(pump.queuedBytes, 0)
})

test('a letter that cannot be stored holds back the answers behind it, and soon the output', async () => {
  const { sink, letters, letter, push, answersTold, pump, told } = pumpWorld()
  letters.held = Promise.withResolvers()
  letter(0)
  for (let i = 1; i < 60; i++) {
    push(i, i + 1)
    await turn()
    for (const { ack } of sink.writes) ack.resolve([])
  }
  assert.deepEqual(answersTold(), [])
  assert.equal(sink.writes.length, 15)
  letters.held.resolve(undefined)
  await turn()
  for (const { ack } of sink.writes) ack.resolve([])
  assert.equal(await pump.flushed(), true)
  assert.equal(answersTold()[0], 'answered 0-1')
  assert.equal(told.filter((line) => line === 'letters 1').length, 1)
})

test('a refused value is a dead letter before its answers count as stored', async () => {
  const { sink, letters, push, told } = pumpWorld()
  push(0, 3)
  await turn()
  sink.writes[0]?.ack.resolve([{ index: 1, reason: 'MESSAGE_TOO_LARGE' }])
  await turn()
  assert.deepEqual(told, ['written 2', 'letters 1', 'answered 0-3'])
  const [letter] = letters.stored
  assert.equal(String(letter?.value), 'a1')
  assert.equal(letter?.facts['offset'], '1')
})

test('given up: everything unstored is told, late acknowledgements and failures change nothing, and it goes on', async () => {
  const { sink, push, pump, told } = pumpWorld()
  push(0, 2)
  await turn()
  push(2, 3)
  const flushed = pump.flushed()
  pump.abandon()
  assert.equal(await flushed, false)
  assert.deepEqual(told, ['abandoned 0-2', 'abandoned 2-3'])
  sink.writes[0]?.ack.reject(new Error('late'))
  push(3, 4)
  await turn()
  sink.writes.at(-1)?.ack.resolve([])
  assert.equal(await pump.flushed(), true)
  assert.deepEqual(told.slice(2), ['written 1', 'answered 3-4'])
  assert.equal(pump.queuedBytes, 0)
})

test('what an exchanged sink has not stored goes to the new one, in its order, and its failure is nobody’s', async () => {
  const { sink, letters, encoding, push, pump, told } = pumpWorld()
  push(0, 2)
  await turn()
  push(2, 3)
  const flushed = pump.flushed()
  pump.use({ sink, letters, encoding })
  await turn()
  assert.deepEqual(values(sink), [['a0', 'a1'], ['a2']])
  const next = new HeldSink()
  pump.use({ sink: next, letters, encoding })
  for (const { ack } of sink.writes) ack.reject(new Error('closed'))
  await turn()
  for (const { ack } of next.writes) ack.resolve([])
  assert.equal(await flushed, true)
  assert.deepEqual(values(next).flat(), ['a0', 'a1', 'a2'])
  assert.deepEqual(
    told.filter((line) => !line.startsWith('written')),
    ['answered 0-2', 'answered 2-3'],
  )
  assert.equal(pump.queuedBytes, 0)
})

test('what an exchanged sink has stored is not written to the new one, and all is told in its order', async () => {
  const { sink, letters, encoding, push, letter, pump, answersTold, landed, exchanges } = pumpWorld()
  letters.held = Promise.withResolvers()
  letter(0)
  for (let i = 1; i < 4; i++) {
    push(i, i + 1)
    await turn()
  }
  sink.writes[1]?.ack.resolve([])
  await turn()
  const next = new HeldSink()
  pump.use({ sink: next, letters, encoding })
  for (const { ack } of sink.writes) ack.reject(new Error('closed'))
  push(4, 5)
  await turn()
  assert.deepEqual(values(next), [['a1'], ['a3'], ['a4']])
  for (const { ack } of next.writes) ack.resolve([])
  await turn()
  assert.deepEqual(answersTold(), [], 'the letter is not stored')
  letters.held.resolve(undefined)
  assert.equal(await pump.flushed(), true)
  assert.equal(letters.stored.length, 1)
  assert.deepEqual(
    answersTold(),
    [0, 1, 2, 3, 4].map((i) => `answered ${i}-${i + 1}`),
  )
  assert.deepEqual([exchanges, landed], [[''], ['a1', 'a2', 'a3', 'a4']])
})

test('letters that an exchanged sink has not stored go to the new one, and no value is written again', async () => {
  const { sink, letters, encoding, push, letter, pump, answersTold, landed, told, exchanges } = pumpWorld()
  letters.held = Promise.withResolvers()
  letter(0)
  letter(1)
  for (let i = 2; i < 4; i++) {
    push(i, i + 1)
    await turn()
  }
  sink.writes[1]?.ack.resolve([])
  await turn()
  const next = new HeldLetters()
  pump.use({ sink, letters: next, encoding })
  letters.held.reject(new Error('closed'))
  await turn()
  assert.equal(next.stored.length, 2)
  assert.deepEqual(values(sink), [['a2'], ['a3']])
  assert.deepEqual([answersTold(), landed], [['answered 0-1', 'answered 1-2'], []])
  sink.writes[0]?.ack.resolve([])
  assert.equal(await pump.flushed(), true)
  assert.deepEqual(values(sink), [['a2'], ['a3']])
  assert.deepEqual(landed, ['a2', 'a3'])
  assert.equal(told.filter((line) => line === 'letters 1').length, 2)
  assert.deepEqual(exchanges, [''])
})

test('output that is gone for good fails once, and nothing of it counts as stored', async () => {
  const { sink, push, pump, told } = pumpWorld()
  push(0, 1)
  await turn()
  push(1, 2)
  await turn()
  const flushed = pump.flushed()
  for (const { ack } of sink.writes) ack.reject(new Error('EPIPE'))
  assert.equal(await flushed, false)
  await turn()
  assert.deepEqual(told, ['failed Error: EPIPE'])
})
