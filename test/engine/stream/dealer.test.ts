// What the workers commit comes together again, whatever happens to the partitions meanwhile.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dealings } from '../../../src/domain/stream/dealing.ts'
import { Dealer } from '../../../src/engine/stream/dealer.ts'
import type { RecordConsumer } from '../../../src/engine/ports.ts'
import { keyedBatch, PartitionedSource } from '../../support/partitioned-source.ts'

/** Its commits end when the test says so. */
class SlowSource extends PartitionedSource {
  readonly asked: (readonly number[])[] = []
  readonly held = Promise.withResolvers<undefined>()

  override commit(positions: readonly { readonly offset: number }[]): Promise<void> {
    this.asked.push(positions.map(({ offset }) => offset))
    return this.held.promise
  }
}

const consumer: RecordConsumer = {
  batch: () => Promise.resolve(),
  assigned: () => undefined,
  revoked: () => Promise.resolve(),
  ended: () => undefined,
}

for (const dealing of dealings) {
  for (const workers of [1, 2]) {
    test(`by ${dealing} to ${workers}: a topic made anew during a commit is committed from its beginning`, async () => {
      const source = new SlowSource([], 1)
      const dealer = new Dealer({ dealing, source, workers, failed: (error) => assert.fail(String(error)) })
      dealer.serve(Array.from({ length: workers }, () => consumer))
      const at = { topic: 'in', partition: 0 }
      const read = async (epoch: number, first: number, next: number): Promise<void> => {
        dealer.assigned([{ ...at, epoch }])
        const records = Array.from({ length: next - first }, () => ({ key: 'k', value: 'v' }))
        await dealer.batch(keyedBatch(0, epoch, first, records))
      }
      const commit = (epoch: number, offset: number): Promise<unknown> =>
        Promise.all(dealer.sources.map((each) => each.commit([{ ...at, offset, epoch, metadata: '' }])))

      await read(1, 100, 105)
      const old = commit(1, 105)
      await read(2, 0, 5)
      source.held.resolve(undefined)
      await old
      await commit(2, 5)
      assert.deepEqual(source.asked.at(-1), [5])
    })
  }
}

test('a batch that waits for its partition to move goes with the source that brought it', async () => {
  const [old, next] = [new PartitionedSource([], 1), new PartitionedSource([], 1)]
  const dealer = new Dealer({
    ...{ dealing: 'partition', source: old, workers: 2 },
    failed: (error) => assert.fail(String(error)),
  })
  const moved = Promise.withResolvers<undefined>()
  const given: number[] = []
  const worker: RecordConsumer = {
    ...consumer,
    batch: ({ partition }) => Promise.resolve(void given.push(partition)),
    revoked: (partitions) => (partitions.some(({ partition }) => partition === 2) ? moved.promise : Promise.resolve()),
  }
  dealer.serve([worker, worker])
  const at = [0, 1, 2].map((partition) => ({ topic: 'in', partition }))
  const assigned = at.map((each) => ({ ...each, epoch: 1 }))
  dealer.assigned(assigned)
  await dealer.revoked(at.slice(1, 2))
  const waiting = dealer.batch(keyedBatch(2, 1, 0, [{ key: null, value: 'v' }]))
  dealer.use(next)
  dealer.assigned(assigned)
  moved.resolve(undefined)
  await waiting
  assert.deepEqual(given, [])
})
