// A Calculator that answers several records at a time, and has died among them: how long its successors wait for enough.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stage, type Stage } from '../../support/talking-child.ts'

/** A stream whose Calculators take all of so many records before they say a word, the first of which has crashed. */
async function suspects(count: number): Promise<Stage> {
  const values = Array.from({ length: count }, (_, at) => `v${at}`)
  const world = await stage('one-to-one', values)
  assert.equal(world.child.lines.length, count)
  world.replace({ code: 1, signal: null })
  return world
}

/** Milliseconds until the Calculator of now has them all. */
async function untilGiven({ clock, child }: Stage, count: number): Promise<number> {
  const since = clock.now()
  for (let second = 0; second < 3600 && child.lines.length < count; second++) await clock.advance(1000)
  return clock.now() - since
}

test('one that answers eight records at a time waits equally long after each crash', async () => {
  const world = await suspects(8)
  const waits = [await untilGiven(world, 8)]
  for (let crashes = 0; crashes < 3; crashes++) {
    world.replace({ code: 1, signal: null })
    waits.push(await untilGiven(world, 8))
  }
  assert.deepEqual(waits, [7000, 7000, 7000, 7000])
  world.proxy.close()
})

test('one that answers a hundred at a time waits for less than a minute, not for two', async () => {
  const world = await suspects(100)
  const waited = await untilGiven(world, 100)
  assert.ok(waited <= 60_000, `${waited} ms`)
  world.proxy.close()
})
