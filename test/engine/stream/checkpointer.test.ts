// Which incarnation a drain watches.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Checkpointer } from '../../../src/engine/stream/checkpointer.ts'
import { Lane } from '../../../src/engine/stream/lane.ts'
import { PartitionBook } from '../../../src/engine/stream/partition-book.ts'
import type { Activity } from '../../../src/engine/ports.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { MemoryCalculator, batchOf } from '../../support/stream-world.ts'

const at = { topic: 'in', partition: 0 }

/** One record is with the Calculator; what the system shows of each is up to the test. */
function world() {
  const clock = new FakeClock()
  const book = new PartitionBook()
  book.assign(at, 1, clock.now())
  book.handedOver(batchOf(at, 1, 0, ['0']), 0, 1, clock.now())
  const shown = new Map<number, Activity['parked']>()
  const looks: number[] = []
  const reached: number[] = []
  const feeder = { resting: true, hold: () => undefined, letGo: () => undefined }
  const checkpointer = new Checkpointer(clock, 60_000, feeder, book, {
    activity: (pid) => {
      looks.push(pid)
      return { cpu: 0n, parked: shown.get(pid) ?? 'busy' }
    },
    outputPaused: () => false,
    reached: (claim) => {
      reached.push(clock.now())
      book.settleClaim(claim, clock.now())
      return Promise.resolve()
    },
    missed: () => undefined,
    blockBuffered: () => undefined,
  })
  const hooks = { lines: () => undefined, oversized: () => undefined, closed: () => undefined }
  const attach = (pid: number): void => {
    const child = new MemoryCalculator(pid, clock, 1, (line) => line)
    checkpointer.attach(new Lane(child, null, { maxLine: 100, oomKills: null }, hooks))
  }
  /** Drains, and says whether that is over. */
  const drain = (limit: number): (() => boolean) => {
    let isOver = false
    void checkpointer.drain(clock.now() + limit).then(() => (isOver = true))
    return () => isOver
  }
  return { clock, checkpointer, shown, looks, reached, attach, drain }
}

test('a drain watches the Calculator that is there, whatever was watched before it came', async () => {
  const { clock, checkpointer, shown, looks, attach, drain } = world()
  attach(1)
  drain(10_000)
  // By now a quarter of a second passes between two looks.
  await clock.advance(1000)
  checkpointer.detach()
  shown.set(2, 'stdin')
  attach(2)
  looks.length = 0
  const isOver = drain(10_000)
  await clock.advance(1)
  assert.deepEqual(looks, [2])
  await clock.advance(60)
  assert.ok(isOver())
})

test('the end of an older watch leaves the one of the next Calculator to all who drain', async () => {
  const { clock, checkpointer, shown, reached, attach, drain } = world()
  attach(1)
  const older = drain(10_000)
  await clock.advance(1000)
  checkpointer.detach()
  attach(2)
  const newer = drain(10_000)
  // The older watch comes to its end, and its drain goes on with the new Calculator.
  await clock.advance(300)
  shown.set(2, 'stdin')
  const newest = drain(10_000)
  await clock.advance(400)
  assert.deepEqual([older(), newer(), newest()], [true, true, true])
  assert.equal(reached.length, 1)
})
