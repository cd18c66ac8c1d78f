import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loopLag } from '../../src/os/loop-lag.ts'
import { waitFor } from '../support/wait-for.ts'

test('a slice of 300 ms on the event loop shows as its lag to every reader, and is over a window later', async (t) => {
  const lag = loopLag(50)
  t.after(() => lag.close())
  await waitFor('a first measurement', () => lag.read() !== null)
  const end = performance.now() + 300
  while (performance.now() < end);
  await waitFor('the slice shows', () => (lag.read()?.max ?? 0) > 250)
  assert.ok((lag.read()?.max ?? 0) > 250, 'one reader does not take it from the next')
  await waitFor('it is over', () => (lag.read()?.max ?? 0) < 250)
})
