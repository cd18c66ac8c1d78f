import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wait, within } from '../../src/engine/waiting.ts'
import { FakeClock } from '../support/fake-clock.ts'

test('a wait ends with its time, or with its signal, and leaves no timer behind', async () => {
  const clock = new FakeClock()
  const timed = wait(clock, 100)
  await clock.advance(100)
  await timed
  const stop = new AbortController()
  const stopped = wait(clock, 100, stop.signal)
  stop.abort()
  await stopped
  await wait(clock, 100, stop.signal)
  assert.equal(clock.pending, 0)
})

test('work within a limit answers for itself, or null once it is over', async () => {
  const clock = new FakeClock()
  assert.equal(await within(clock, 100, Promise.resolve('done')), 'done')
  await assert.rejects(within(clock, 100, Promise.reject(new Error('no'))), { message: 'no' })
  const late = within(clock, 100, new Promise<never>(() => undefined))
  await clock.advance(100)
  assert.equal(await late, null)
  assert.equal(clock.pending, 0)
})
