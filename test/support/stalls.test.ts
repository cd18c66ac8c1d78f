import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import process from 'node:process'
import { Stalls } from './stalls.ts'

const sleep = (ms: number): unknown => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

test('what this process could not do is left out of a time, and nothing else', async (t) => {
  const stalls = new Stalls(t, process)
  const from = Date.now()
  sleep(300)
  const to = Date.now()
  const lost = stalls.between(from, to)
  assert.ok(lost >= 250 && lost <= to - from, `${lost} of ${to - from} ms`)
  assert.equal(stalls.elapsed(from, to), to - from - lost)
  assert.equal(stalls.between(from - 1000, from - 500), 0)
  // A time that begins or ends in the midst of a stall: only its part of it.
  assert.equal(stalls.between(from + 100, from + 200), 100)

  const took = await stalls.timed(async () => {
    await pause(200)
    sleep(300)
    await pause(200)
  })
  // The pauses are left, or less: a loaded machine has other stalls.
  assert.ok(took > 0 && took < 600, `${took} ms`)
})
