import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  BATCH_BYTES,
  PartitionQueue,
  partOf,
  type Part,
  type Write,
} from '../../../src/kafka/produce/partition-queue.ts'
import { batchOf } from '../values.ts'

const write = (sizes: readonly number[]): Write => ({
  batch: batchOf(
    0,
    sizes.map((size) => ({ value: Buffer.alloc(size) })),
  ),
  refusals: [],
  left: sizes.length,
  resolve: () => undefined,
  reject: () => undefined,
})

const whole = (sizes: readonly number[]): Part => partOf(write(sizes), 0, sizes.length)
const ranges = (parts: readonly Part[]): string[] => parts.map(({ from, to }) => `${from}-${to}`)
const count = (parts: readonly Part[]): number => parts.reduce((sum, { from, to }) => sum + to - from, 0)
const queueWith = (...parts: readonly Part[]): PartitionQueue => {
  const queue = new PartitionQueue({ topic: 't', partition: 0 })
  for (const part of parts) queue.push(part)
  return queue
}
/** Takes, numbers and adds the next batch, as on the wire. */
function send(queue: PartitionQueue, identity: { id: number; epoch: number }) {
  const parts = queue.take()
  queue.taking = parts
  const sequence = queue.sequence(identity)
  const sent = queue.add(parts, count(parts), new Uint8Array())
  assert.ok(sent)
  sent.state = 'on-wire'
  return { parts, sequence, sent }
}
const one = { id: 1, epoch: 0 }
const two = { id: 2, epoch: 0 }

test('a batch takes several writes, cuts the one that does not fit, and goes alone where a value is larger', () => {
  const queue = queueWith(
    whole([10, 10]),
    whole(Array.from({ length: 100 }, () => 20_000)),
    whole([2_000_000]),
    whole([5]),
  )
  const first = queue.take()
  assert.equal(first.length, 2)
  assert.ok(first.reduce((sum, { bytes }) => sum + bytes, 0) <= BATCH_BYTES)
  const cut = first[1]?.to ?? 0
  assert.ok(cut > 40 && cut < 50, `cut at ${cut}`)
  const second = queue.take()
  assert.equal(second[0]?.from, cut)
  assert.deepEqual(ranges(queue.take()), [`${second[0].to}-100`])
  assert.deepEqual(ranges(queue.take()), ['0-1'], 'the large value is alone')
  assert.deepEqual(ranges(queue.take()), ['0-1'])
  assert.deepEqual(queue.take(), [])
  assert.ok(queue.idle)
})

test('what is idle sends at once; under load batches are filled, five at most', () => {
  const small = whole([100])
  const full = (): Part => whole([BATCH_BYTES])
  const queue = queueWith(small)
  assert.ok(queue.due)
  const { sent } = send(queue, one)
  queue.push(full())
  queue.push(full())
  assert.equal(queue.due, false, 'the first of a sequence goes alone')
  assert.deepEqual(queue.stored(sent), [sent])
  send(queue, one)
  assert.ok(queue.due, 'a full batch need not wait')
  send(queue, one)
  queue.push(small)
  assert.equal(queue.due, false, 'a batch that is not full waits while others are on their way')
  for (let i = 0; i < 3; i++) {
    queue.push(full())
    assert.ok(queue.due)
    send(queue, one)
  }
  for (let i = 0; i < 3; i++) queue.push(full())
  assert.equal(queue.due, false, 'five are in flight')
})

test('what failed is sent again in order with its numbers; what comes later goes on after it', () => {
  const queue = queueWith(whole([1, 1]))
  queue.stored(send(queue, one).sent)
  const batches = Array.from({ length: 3 }, () => {
    queue.push(whole([BATCH_BYTES - 100]))
    return send(queue, one)
  })
  assert.deepEqual(
    batches.map(({ sequence }) => sequence),
    [2, 3, 4],
  )
  queue.stalled = true
  assert.deepEqual(queue.stored(batches[1]?.sent ?? assert.fail()), [], 'order: the first is not stored yet')
  for (const i of [0, 2]) Object.assign(batches[i]?.sent ?? {}, { state: 'failed' })
  assert.equal(queue.due, false)
  queue.resend()
  assert.equal(queue.nextToSend(), batches[0]?.sent)
  assert.deepEqual(queue.stored(batches[0]?.sent ?? assert.fail()), [batches[0]?.sent, batches[1]?.sent])
  assert.equal(queue.nextToSend(), batches[2]?.sent)
})

test('begun anew, everything unstored waits in its old order, for another producer id', () => {
  const queue = queueWith(whole([1, 2, 3]))
  const first = send(queue, one)
  queue.push(whole([4]))
  first.sent.state = 'failed'
  assert.deepEqual(queue.restart(), [])
  assert.equal(queue.accepts(one), false)
  assert.ok(queue.accepts(two))
  const again = send(queue, two)
  assert.deepEqual(ranges(again.parts), ['0-3', '0-1'])
  assert.equal(again.sequence, 0)
})

test('sequence numbers wrap as the broker expects', () => {
  const queue = queueWith()
  const sequenceOf = (records: number): number => {
    const sequence = queue.sequence(one)
    const parts = (queue.taking = queue.take())
    assert.ok(queue.add(parts, records, new Uint8Array()))
    return sequence
  }
  assert.equal(sequenceOf(2 ** 31 - 1), 0)
  assert.equal(sequenceOf(3), 2 ** 31 - 1)
  assert.equal(sequenceOf(1), 2)
})

test('a batch that could not be made leaves no gap in the sequence', () => {
  const queue = queueWith(whole([1]))
  queue.stored(send(queue, one).sent)
  queue.push(whole([1, 1]))
  queue.taking = queue.take()
  assert.equal(queue.sequence(one), 1)
  queue.taking = null
  queue.push(whole([1]))
  const next = send(queue, one)
  assert.deepEqual([next.sequence, next.sent.sequence], [1, 1])
})

test('what is being made when everything is taken out is taken out, too, and is not sent', () => {
  const queue = queueWith(whole([1, 2]))
  const parts = (queue.taking = queue.take())
  queue.sequence(one)
  queue.push(whole([3]))
  assert.deepEqual(ranges(queue.clear()), ['0-2', '0-1'])
  assert.equal(queue.add(parts, 2, new Uint8Array()), null)
  assert.ok(queue.idle)
})
