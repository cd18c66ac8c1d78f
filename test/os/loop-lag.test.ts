import assert from 'node:assert/strict'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { test } from 'node:test'
import { loopLag } from '../../src/os/loop-lag.ts'
import { waitFor } from '../support/wait-for.ts'

test('a slice of 300 ms on the event loop shows as its lag to every reader, and is over two windows later', async (t) => {
  const clock = { now: 0 }
  const lag = loopLag(1_000, () => clock.now)
  t.after(() => lag.close())
  await waitFor('a first measurement', () => lag.read() !== null)
  const end = performance.now() + 300
  while (performance.now() < end);
  await waitFor('the slice shows', () => (lag.read()?.max ?? 0) > 250)
  // What the machine holds up from now on is not the slice.
  const ours = monitorEventLoopDelay({ resolution: 10 })
  ours.enable()
  t.after(() => ours.disable())
  clock.now = 1_000
  assert.ok((lag.read()?.max ?? 0) > 250, 'a window later it is still told')
  assert.ok((lag.read()?.max ?? 0) > 250, 'one reader does not take it from the next')
  clock.now = 2_000
  await waitFor('it is over', () => (lag.read()?.max ?? Infinity) <= Math.max(250, ours.max / 1e6 + 20))
})
