// When feeding waits for a commit, and for whose.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventRing } from '../../../src/engine/event-ring.ts'
import { PartitionBook } from '../../../src/engine/stream/partition-book.ts'
import { StreamReport } from '../../../src/engine/stream/stream-report.ts'
import { Transacting } from '../../../src/engine/stream/transacting.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { batchOf } from '../../support/stream-world.ts'

const at = { topic: 'in', partition: 0 }

/** Two records are with the Calculator, the second of which was answered first; what feeding is told is written down. */
function world(attributed: boolean, replay = (): void => undefined) {
  const clock = new FakeClock()
  const book = new PartitionBook()
  book.assign(at, 1, clock.now())
  const batch = batchOf(at, 1, 0, ['0', '1'])
  book.handedOver(batch, 0, 2, clock.now())
  const told: string[] = []
  const none = (): undefined => undefined
  const transacting = new Transacting({
    ...{ clock, book, intervalMs: 1000, limitMs: 30_000 },
    report: new StreamReport(new EventRing(clock), 'calculator', clock),
    pump: { seal: () => Promise.resolve(true), unseal: none, queuedBytes: 0 },
    feeder: { hold: (by) => told.push(`hold ${by}`), letGo: (by) => told.push(`let go ${by}`) },
    transactions: () => ({
      ...{ listen: none, health: () => ({ error: null }), close: () => Promise.resolve() },
      ...{ commit: () => Promise.resolve(), abort: () => Promise.resolve() },
    }),
    ...{ note: () => '', attributed: () => attributed, ordered: () => attributed },
    ...{ committed: none, abandon: none, disown: none, replay, giveUp: none },
    failed: (error) => told.push(String(error)),
  })
  const settle = (first: number): void => {
    book.settle(at, 1, first, first + 1, clock.now())
    transacting.settled()
  }
  const answer = (index: number): void => {
    const lines = { bytes: new Uint8Array([48, 10]), ends: Uint32Array.of(2), count: 1 }
    const attributions = attributed ? [{ batch, from: index, count: 1, orphan: false, mapped: null }] : null
    transacting.leaving([{ lines, attributions, done: [], incarnation: 1, sequence: 0 }])
  }
  return { clock, told, settle, answer, transacting }
}

test('answers out of order: feeding waits until those in between have come, once', async () => {
  const { clock, told, settle, answer, transacting } = world(true)
  answer(1)
  settle(1)
  await clock.advance(1000)
  assert.deepEqual(told, ['hold commit'])
  answer(0)
  settle(0)
  await clock.advance(1)
  assert.deepEqual(told, ['hold commit', 'let go commit'])
  transacting.stop()
})

test('a commit that nothing had to wait for lets go of nobody else’s hold', async () => {
  const { clock, told, settle, answer, transacting } = world(false)
  answer(0)
  settle(0)
  settle(1)
  await clock.advance(1000)
  assert.equal(transacting.made, 1)
  assert.deepEqual(told, [])
  transacting.stop()
})

test('an abort that fails is told', async () => {
  const { clock, told, answer, transacting } = world(true, () => {
    throw new Error('cannot replay')
  })
  answer(0)
  transacting.spoil('the broker said so')
  await clock.advance(1)
  assert.deepEqual(told, ['hold abort', 'Error: cannot replay'])
  transacting.stop()
})
