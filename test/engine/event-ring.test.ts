import assert from 'node:assert/strict'
import process from 'node:process'
import { test, type TestContext } from 'node:test'
import { EventRing } from '../../src/engine/event-ring.ts'
import type { NumberedEvent } from '../../src/engine/snapshot.ts'
import { FakeClock } from '../support/fake-clock.ts'

const numbers = (events: readonly NumberedEvent[]): number[] => events.map(({ seq }) => seq)

function ringOf(capacity: number, published: number): EventRing {
  const ring = new EventRing(new FakeClock(), capacity)
  for (let k = 1; k <= published; k += 1) ring.publish('stream.replay', 'info', `number ${k}`, { k })
  return ring
}

test('an event carries its number and both clocks', async () => {
  const clock = new FakeClock()
  const ring = new EventRing(clock)
  await clock.advance(250)
  const event = ring.publish('process.exited', 'warn', 'exited', { process: 'score', exitCode: 7 })
  assert.deepEqual(event, {
    seq: 1,
    wall: clock.wall(),
    mono: clock.now(),
    event: 'process.exited',
    level: 'warn',
    message: 'exited',
    fields: { process: 'score', exitCode: 7 },
  })
  assert.deepEqual(ring.since(0), [event])
})

test('since gives what is newer, oldest first', () => {
  const ring = ringOf(8, 5)
  assert.equal(ring.seq, 5)
  assert.deepEqual(numbers(ring.since(0)), [1, 2, 3, 4, 5])
  assert.deepEqual(numbers(ring.since(3)), [4, 5])
  assert.deepEqual(numbers(ring.since(5)), [])
  assert.deepEqual(numbers(ring.since(99)), [])
  assert.deepEqual(numbers(ringOf(8, 0).since(0)), [])
})

test('only the last events are kept, and each under its own number', () => {
  const ring = ringOf(8, 21)
  assert.deepEqual(numbers(ring.since(0)), [14, 15, 16, 17, 18, 19, 20, 21])
  assert.deepEqual(numbers(ring.since(19)), [20, 21])
  for (const { seq, fields } of ring.since(0)) assert.equal(fields['k'], seq)
  assert.equal(new EventRing(new FakeClock()).since(0).length, 0)
  assert.equal(ringOf(1024, 3000).since(0).length, 1024)
})

test('listeners hear the numbers in order, also of what another listener publishes', () => {
  const ring = ringOf(8, 0)
  const heard: number[] = []
  ring.subscribe(({ seq }) => {
    if (seq === 1) ring.publish('stream.committed', 'info', 'said by a listener')
  })
  const end = ring.subscribe(({ seq }) => heard.push(seq))
  ring.publish('stream.replay', 'info', 'first')
  assert.deepEqual(heard, [1, 2])
  end()
  ring.publish('stream.replay', 'info', 'third')
  assert.deepEqual(heard, [1, 2])
})

test('a listener that throws harms neither the publisher nor the others, and is not silent', async (t: TestContext) => {
  const uncaught = new Promise<unknown>((resolve) => {
    const before = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.once('uncaughtException', resolve)
    t.after(() => {
      for (const listener of before) process.on('uncaughtException', listener)
    })
  })
  const ring = ringOf(8, 0)
  const heard: number[] = []
  ring.subscribe(() => {
    throw new Error('broken listener')
  })
  ring.subscribe(({ seq }) => heard.push(seq))
  ring.publish('stream.replay', 'info', 'first')
  assert.deepEqual(heard, [1])
  assert.match(String(await uncaught), /broken listener/)
})
