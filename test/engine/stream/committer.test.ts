import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Committer } from '../../../src/engine/stream/committer.ts'
import { EventRing } from '../../../src/engine/event-ring.ts'
import { PartitionBook } from '../../../src/engine/stream/partition-book.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { batchOf, MemorySource } from '../../support/stream-world.ts'

const at = { topic: 'in', partition: 0 }

/** One record is settled; each commit ends as the test says. */
function world() {
  const clock = new FakeClock()
  const book = new PartitionBook()
  book.assign(at, 1, clock.now())
  book.handedOver(batchOf(at, 1, 0, ['0']), 0, 1, clock.now())
  book.settle(at, 1, 0, 1, clock.now())
  const asked: PromiseWithResolvers<undefined>[] = []
  const source = Object.assign(new MemorySource([], 1), {
    commit: () => {
      const commit = Promise.withResolvers<undefined>()
      asked.push(commit)
      return commit.promise
    },
  })
  const parts = { clock, events: new EventRing(clock), namespec: 'calculator' }
  return { clock, asked, committer: new Committer(parts, book, source, () => '') }
}

test('a commit that is refused is tried again after a second', async () => {
  const { clock, asked, committer } = world()
  const done = committer.now()
  await clock.advance(0)
  asked[0]?.reject(new Error('no coordinator'))
  assert.equal(await done, false)
  await clock.advance(999)
  assert.equal(asked.length, 1)
  await clock.advance(1)
  assert.equal(asked.length, 2)
  committer.stop()
})

test('a commit that is refused after the end is not tried again', async () => {
  const { clock, asked, committer } = world()
  const done = committer.now()
  await clock.advance(0)
  committer.stop()
  asked[0]?.reject(new Error('the source is closed'))
  assert.equal(await done, false)
  await clock.advance(60_000)
  assert.equal(asked.length, 1)
})
