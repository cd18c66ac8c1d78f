// How long Settling waits for what it is asked to wait for.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Commits } from '../../../src/engine/stream/commits.ts'
import { PartitionBook } from '../../../src/engine/stream/partition-book.ts'
import { Settling } from '../../../src/engine/stream/settling.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { batchOf } from '../../support/stream-world.ts'

const at = { topic: 'in', partition: 0 }

/** One record is not answered yet; a commit takes until the test says so. */
function world() {
  const clock = new FakeClock()
  const book = new PartitionBook()
  book.assign(at, 1, clock.now())
  const batch = batchOf(at, 1, 0, ['0'])
  book.handedOver(batch, 0, 1, clock.now())
  const commit = Promise.withResolvers<boolean>()
  const commits: Commits = {
    ...{ made: 0, refused: 0, isClosed: true },
    ...{ use: () => undefined, soon: () => undefined, abandon: () => undefined, stop: () => undefined },
    now: () => commit.promise,
    conclude: () => Promise.resolve(),
    release: () => Promise.resolve(),
  }
  const settling = new Settling(clock, book, commits, () => undefined)
  const answer = (): void => settling.done([{ batch, from: 0, to: 1, orphan: false }])
  return { clock, settling, commit, answer }
}

/** Waits, and says whether it still does. */
function waiting(settling: Settling, over?: AbortSignal): () => boolean {
  let waits = true
  void settling.wait(1000, () => false, over).then(() => (waits = false))
  return () => waits
}

test('a wait ends with the commit, whatever else is settled meanwhile', async () => {
  const { clock, settling, commit, answer } = world()
  const waits = waiting(settling)
  answer()
  await clock.advance(1)
  settling.wake()
  await clock.advance(1)
  assert.ok(waits(), 'the commit is not through')
  commit.resolve(true)
  await clock.advance(1)
  assert.ok(!waits())
  assert.equal(clock.pending, 0)
})

for (const [what, isAnswered] of [
  ['the commit', true],
  ['an answer', false],
] as const) {
  test(`a wait for ${what} ends when its time is up`, async () => {
    const { clock, settling, answer } = world()
    const waits = waiting(settling)
    if (isAnswered) answer()
    await clock.advance(999)
    assert.ok(waits())
    await clock.advance(1)
    assert.ok(!waits())
  })

  test(`a wait for ${what} ends when nobody needs it any more`, async () => {
    const { clock, settling, answer } = world()
    const over = new AbortController()
    const waits = waiting(settling, over.signal)
    if (isAnswered) answer()
    await clock.advance(1)
    over.abort()
    await clock.advance(1)
    assert.ok(!waits())
    assert.equal(clock.pending, 0)
  })
}
