// What is committed while another's transaction could still change it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { scripted } from './scripted-coordinator.ts'

const UNSTABLE = 88
const at = { topic: 't', partition: 0 }

test('a transaction that ends soon is waited for', async (t) => {
  const { coordinator, clock, member } = await scripted(t)
  coordinator.tell('OffsetFetch', UNSTABLE, UNSTABLE)
  const committed = member.committed([at])
  await clock.advance(300)
  assert.deepEqual(await committed, [{ ...at, offset: 3, metadata: '', leaderEpoch: -1 }])
})

test('one that does not is an answer: whoever asked tells it, and asks again', async (t) => {
  const { coordinator, clock, member } = await scripted(t)
  coordinator.tell('OffsetFetch', ...Array.from({ length: 100 }, () => UNSTABLE))
  const committed = assert.rejects(member.committed([at]), { type: 'UNSTABLE_OFFSET_COMMIT' })
  await clock.advance(4_900)
  const asked = coordinator.of('OffsetFetch').length
  assert.ok(asked > 40)
  await clock.advance(5_000)
  await committed
  assert.ok(coordinator.of('OffsetFetch').length <= asked + 2)
})
