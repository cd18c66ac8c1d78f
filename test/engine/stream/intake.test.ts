// What is left when partitions are taken away, however that goes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ByteWindow } from '../../../src/domain/stream/window.ts'
import { EventRing } from '../../../src/engine/event-ring.ts'
import { Feeder } from '../../../src/engine/stream/feeder.ts'
import { Intake, type IntakeHooks } from '../../../src/engine/stream/intake.ts'
import { PartitionBook } from '../../../src/engine/stream/partition-book.ts'
import { StreamReport } from '../../../src/engine/stream/stream-report.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { quietParts } from '../../support/quiet-stream.ts'
import { MemoryLetters } from '../../support/stream-world.ts'

const [here, there] = [0, 1].map((partition) => ({ topic: 'in', partition }))

/** Two partitions are ours; how draining and releasing go is up to the test. */
function world(own: { drain?: () => Promise<void>; release?: IntakeHooks['release'] }) {
  const clock = new FakeClock()
  const events = new EventRing(clock)
  const book = new PartitionBook()
  const window = new ByteWindow(() => 1000)
  const feeder = new Feeder(
    clock,
    window,
    {
      ...{ accepts: () => true, allowance: () => Infinity, before: () => null, handingOver: () => undefined },
      ...{ failed: () => undefined, rested: () => undefined },
    },
    () => true,
  )
  const report = new StreamReport(events, 'calculator', clock)
  const intake = new Intake(quietParts(clock, events), book, window, feeder, report, new MemoryLetters(), {
    held: null,
    failed: (error) => assert.fail(String(error)),
    ...{ envelope: () => false, spare: () => null, ended: () => undefined },
    ...{ noted: () => undefined, forget: () => undefined, restarting: () => undefined, dropped: () => undefined },
    ...{ drain: () => Promise.resolve(), release: () => Promise.resolve() },
    ...own,
  })
  intake.assigned([here, there].flatMap((at) => (at ? [{ ...at, epoch: 1 }] : [])))
  return { clock, book, feeder, intake }
}

for (const step of ['drain', 'release'] as const) {
  test(`a revocation that fails to ${step} gives the partition away, and feeding goes on`, async () => {
    const { book, feeder, intake } = world({ [step]: () => Promise.reject(new Error('broken')) })
    await assert.rejects(intake.revoked([{ topic: 'in', partition: 0 }]), /broken/)
    assert.deepEqual(book.partitions(), [there])
    assert.ok(!feeder.heldBy('rebalance'))
  })
}

test('feeding goes on when the last of several revocations is through, though one of them failed', async () => {
  const drains = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()] as const
  let begun = 0
  const { clock, feeder, intake } = world({ drain: () => (begun++ === 0 ? drains[0].promise : drains[1].promise) })
  const failed = assert.rejects(intake.revoked([{ topic: 'in', partition: 0 }]), /broken/)
  const second = intake.revoked([{ topic: 'in', partition: 1 }])
  drains[0].reject(new Error('broken'))
  await failed
  await clock.advance(1)
  assert.ok(feeder.heldBy('rebalance'), 'the second is still on')
  drains[1].resolve(undefined)
  await second
  assert.ok(!feeder.heldBy('rebalance'))
})

test('a revocation that ends when another source has brought the partition anew takes nothing from it', async () => {
  const drain = Promise.withResolvers<undefined>()
  const released: unknown[] = []
  const { book, feeder, intake } = world({
    drain: () => drain.promise,
    release: (partitions) => Promise.resolve(void released.push(partitions)),
  })
  const revoked = intake.revoked([{ topic: 'in', partition: 0 }])
  book.clear()
  intake.beginAnew()
  intake.assigned([{ topic: 'in', partition: 0, epoch: 1 }])
  drain.resolve(undefined)
  await revoked
  assert.deepEqual([book.partitions(), released], [[here], []])
  assert.ok(!feeder.heldBy('rebalance'))
})
