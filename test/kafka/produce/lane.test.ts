import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BATCH_BYTES, Lane, partOf, type Part, type Write } from '../../../src/kafka/produce/lane.ts'
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
const laneWith = (...parts: readonly Part[]): Lane => {
  const lane = new Lane({ topic: 't', partition: 0 })
  for (const part of parts) lane.push(part)
  return lane
}
/** Takes, numbers and adds the next batch, as on the wire. */
function send(lane: Lane, identity: { id: number; epoch: number }) {
  const parts = lane.take()
  lane.taking = parts
  const sequence = lane.sequence(identity)
  const sent = lane.add(parts, count(parts), new Uint8Array())
  assert.ok(sent)
  sent.state = 'on-wire'
  return { parts, sequence, sent }
}
const one = { id: 1, epoch: 0 }
const two = { id: 2, epoch: 0 }

test('a batch takes several writes, cuts the one that does not fit, and goes alone where a value is larger', () => {
  const lane = laneWith(
    whole([10, 10]),
    whole(Array.from({ length: 100 }, () => 20_000)),
    whole([2_000_000]),
    whole([5]),
  )
  const first = lane.take()
  assert.equal(first.length, 2)
  assert.ok(first.reduce((sum, { bytes }) => sum + bytes, 0) <= BATCH_BYTES)
  const cut = first[1]?.to ?? 0
  assert.ok(cut > 40 && cut < 50, `cut at ${cut}`)
  const second = lane.take()
  assert.equal(second[0]?.from, cut)
  assert.deepEqual(ranges(lane.take()), [`${second[0].to}-100`])
  assert.deepEqual(ranges(lane.take()), ['0-1'], 'the large value is alone')
  assert.deepEqual(ranges(lane.take()), ['0-1'])
  assert.deepEqual(lane.take(), [])
  assert.ok(lane.idle)
})

test('what is idle sends at once; under load batches are filled, five at most', () => {
  const small = whole([100])
  const full = (): Part => whole([BATCH_BYTES])
  const lane = laneWith(small)
  assert.ok(lane.due)
  const { sent } = send(lane, one)
  lane.push(full())
  lane.push(full())
  assert.equal(lane.due, false, 'the first of a sequence goes alone')
  assert.deepEqual(lane.stored(sent), [sent])
  send(lane, one)
  assert.ok(lane.due, 'a full batch need not wait')
  send(lane, one)
  lane.push(small)
  assert.equal(lane.due, false, 'a batch that is not full waits while others are on their way')
  for (let i = 0; i < 3; i++) {
    lane.push(full())
    assert.ok(lane.due)
    send(lane, one)
  }
  for (let i = 0; i < 3; i++) lane.push(full())
  assert.equal(lane.due, false, 'five are in flight')
})

test('what failed is sent again in order with its numbers; what comes later goes on after it', () => {
  const lane = laneWith(whole([1, 1]))
  lane.stored(send(lane, one).sent)
  const batches = Array.from({ length: 3 }, () => {
    lane.push(whole([BATCH_BYTES - 100]))
    return send(lane, one)
  })
  assert.deepEqual(
    batches.map(({ sequence }) => sequence),
    [2, 3, 4],
  )
  lane.stalled = true
  assert.deepEqual(lane.stored(batches[1]?.sent ?? assert.fail()), [], 'order: the first is not stored yet')
  for (const i of [0, 2]) Object.assign(batches[i]?.sent ?? {}, { state: 'failed' })
  assert.equal(lane.due, false)
  lane.resend()
  assert.equal(lane.nextToSend(), batches[0]?.sent)
  assert.deepEqual(lane.stored(batches[0]?.sent ?? assert.fail()), [batches[0]?.sent, batches[1]?.sent])
  assert.equal(lane.nextToSend(), batches[2]?.sent)
})

test('begun anew, everything unstored waits in its old order, for another producer id', () => {
  const lane = laneWith(whole([1, 2, 3]))
  const first = send(lane, one)
  lane.push(whole([4]))
  first.sent.state = 'failed'
  assert.deepEqual(lane.restart(), [])
  assert.equal(lane.accepts(one), false)
  assert.ok(lane.accepts(two))
  const again = send(lane, two)
  assert.deepEqual(ranges(again.parts), ['0-3', '0-1'])
  assert.equal(again.sequence, 0)
})

test('sequence numbers wrap as the broker expects', () => {
  const lane = laneWith()
  const sequenceOf = (records: number): number => {
    const sequence = lane.sequence(one)
    const parts = (lane.taking = lane.take())
    assert.ok(lane.add(parts, records, new Uint8Array()))
    return sequence
  }
  assert.equal(sequenceOf(2 ** 31 - 1), 0)
  assert.equal(sequenceOf(3), 2 ** 31 - 1)
  assert.equal(sequenceOf(1), 2)
})

test('a batch that could not be made leaves no gap in the sequence', () => {
  const lane = laneWith(whole([1]))
  lane.stored(send(lane, one).sent)
  lane.push(whole([1, 1]))
  lane.taking = lane.take()
  assert.equal(lane.sequence(one), 1)
  lane.taking = null
  lane.push(whole([1]))
  const next = send(lane, one)
  assert.deepEqual([next.sequence, next.sent.sequence], [1, 1])
})

test('what is being made when everything is taken out is taken out, too, and is not sent', () => {
  const lane = laneWith(whole([1, 2]))
  const parts = (lane.taking = lane.take())
  lane.sequence(one)
  lane.push(whole([3]))
  assert.deepEqual(ranges(lane.clear()), ['0-2', '0-1'])
  assert.equal(lane.add(parts, 2, new Uint8Array()), null)
  assert.ok(lane.idle)
})
