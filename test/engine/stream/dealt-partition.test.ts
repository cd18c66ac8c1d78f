// Workers that have no place at once for what they are given, while others begin anew.
import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'
import { workerOfRecord } from '../../../src/domain/stream/dealing.ts'
import type { LineBatch } from '../../../src/domain/stream/line-batch.ts'
import { DealtPartition } from '../../../src/engine/stream/dealt-partition.ts'
import type { RecordConsumer } from '../../../src/engine/ports.ts'
import { keyedBatch } from '../../support/partitioned-source.ts'

const limit = { timeout: 10_000 }

/** A worker that has a place for a part when the test says so. */
class SlowWorker implements RecordConsumer {
  readonly parts: LineBatch[] = []
  isFull = false
  #waiting: (() => void)[] = []

  async batch(batch: LineBatch): Promise<void> {
    this.parts.push(batch)
    if (this.isFull) await new Promise<void>((resolve) => this.#waiting.push(resolve))
  }

  makeRoom(): void {
    this.isFull = false
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  get offsets(): number[] {
    return this.parts.flatMap(({ offsets }) => [...offsets])
  }

  assigned(): void {
    // The test assigns.
  }

  revoked(): Promise<void> {
    return Promise.resolve()
  }

  ended(): void {
    // It never does.
  }
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const keyOf = (worker: number): string => {
  for (let i = 0; ; i++) if (workerOfRecord(bytes(`k${i}`), 0, 2) === worker) return `k${i}`
}
const keys = [keyOf(0), keyOf(1)]

/** Records [first, next): those with even offsets are worker 0's, the others worker 1's. */
const batch = (epoch: number, first: number, next: number): LineBatch =>
  keyedBatch(
    0,
    epoch,
    first,
    Array.from({ length: next - first }, (_, i) => ({ key: keys[(first + i) % 2] ?? null, value: `${first + i}` })),
  )

function begin(): { partition: DealtPartition; one: SlowWorker; other: SlowWorker; both: SlowWorker[] } {
  const [one, other] = [new SlowWorker(), new SlowWorker()]
  return { partition: new DealtPartition({ topic: 'in', partition: 0 }, 1, [0, 1], 0), one, other, both: [one, other] }
}

test('a worker without a place gets its next part when it has one, and nothing twice', limit, async () => {
  const { partition, one, other, both } = begin()
  other.isFull = true
  const first = partition.batch(batch(1, 0, 10), both)
  await turn()
  assert.deepEqual([one.offsets, other.offsets], [[0, 2, 4, 6, 8], [1, 3, 5, 7, 9]]) // prettier-ignore

  assert.equal(partition.rewind(0, 4, 2), 4, 'the other one has no need of what was before')
  const again = partition.batch(batch(partition.epoch, 4, 14), both)
  await turn()
  assert.deepEqual(one.offsets, [0, 2, 4, 6, 8, 4, 6, 8, 10, 12])
  assert.deepEqual(other.parts.length, 1, 'it has not taken the first part yet')
  other.makeRoom()
  await Promise.all([first, again])
  assert.deepEqual(other.offsets, [1, 3, 5, 7, 9, 11, 13])
  assert.deepEqual(
    other.parts.map(({ epoch }) => epoch),
    [1, 1],
    'in its own epoch',
  )
})

test(
  'a part that waits for its worker is read again, and held no longer, when another worker begins anew',
  limit,
  async () => {
    const { partition, one, other, both } = begin()
    other.isFull = true
    const first = partition.batch(batch(1, 0, 4), both)
    await turn()
    partition.rewind(0, 2, 2)
    const second = partition.batch(batch(partition.epoch, 2, 8), both)
    await turn()
    assert.equal(partition.rewind(0, 6, 3), 4, 'the other one never got its records from 4 on')
    await second
    assert.deepEqual(other.offsets, [1, 3])
    const third = partition.batch(batch(partition.epoch, 4, 8), both)
    other.makeRoom()
    await Promise.all([first, third])
    assert.deepEqual(other.offsets, [1, 3, 5, 7])
    assert.deepEqual(one.offsets, [0, 2, 2, 4, 6, 6])
  },
)

test('what was fetched before a rewind is nobody’s', limit, async () => {
  const { partition, one, both } = begin()
  await partition.batch(batch(1, 0, 4), both)
  partition.rewind(0, 2, 2)
  await partition.batch(batch(1, 4, 8), both)
  assert.deepEqual(one.offsets, [0, 2])
  assert.equal(partition.rewind(0, 0, 2), null, 'a worker cannot go back to an epoch that it left')
})

test('of the notes of several workers the last one is committed, and none that is withdrawn', async () => {
  const { partition, both } = begin()
  await partition.batch(batch(1, 0, 10), both)
  partition.settled(0, { offset: 2, epoch: 1, metadata: 'first' })
  partition.settled(1, { offset: 5, epoch: 1, metadata: 'second' })
  const due = (): readonly unknown[] | null => partition.due && [partition.due.offset, partition.due.metadata]
  assert.deepEqual(due(), [2, 'second'])
  if (partition.due) partition.committed(partition.due)
  assert.equal(due(), null)
  partition.settled(1, { offset: 5, epoch: 1 })
  assert.deepEqual(due(), [2, 'first'])
  partition.settled(0, { offset: 10, epoch: 1 })
  assert.deepEqual(due(), [5, ''])
  assert.equal(partition.settled(0, { offset: 10, epoch: 0 }), false)
})

test('other workers go on where everything is committed', async () => {
  const { partition, one, other, both } = begin()
  assert.equal(partition.reshare([0, 1], 0), null, 'nothing was read')
  await partition.batch(batch(1, 20, 30), both)
  assert.equal(partition.reshare([0, 1], 0), 20, 'nothing is committed')
  await partition.batch(batch(partition.epoch, 20, 30), both)
  partition.settled(0, { offset: 24, epoch: partition.epoch })
  partition.settled(1, { offset: 30, epoch: partition.epoch })
  if (partition.due) partition.committed(partition.due)
  assert.equal(partition.reshare([0], 0), 24)
  await partition.batch(batch(partition.epoch, 24, 26), both)
  assert.deepEqual(one.offsets.slice(-2), [28, 24], 'without what the other had settled ahead')
  await partition.batch(batch(partition.epoch, 26, 32), both)
  assert.deepEqual(one.offsets.slice(-4), [26, 28, 30, 31])
  assert.deepEqual([one.parts.at(-1)?.firstOffset, one.parts.at(-1)?.nextOffset], [26, 32])
  assert.equal(other.offsets.length, 10)
})
