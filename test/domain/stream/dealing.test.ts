import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  leastLoaded,
  partOf,
  unevenness,
  workerOfRecord,
  workersOf,
  workersProblem,
} from '../../../src/domain/stream/dealing.ts'
import type { LineBatch } from '../../../src/domain/stream/line-batch.ts'
import { lineAt } from '../../../src/domain/stream/lines.ts'
import { partitionForKey } from '../../../src/domain/stream/output-partition.ts'
import { batchOf } from '../../support/stream-world.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const workers = fc.integer({ min: 1, max: 9 })

/** Records of partition 3 from offset `first` on: each with its key; a record without a value is a tombstone. */
function keyed(first: number, records: readonly (readonly [key: string | null, value: string | null])[]): LineBatch {
  const values = records.map(([, value]) => value)
  const keys = records.flatMap(([key, value]) => (value === null ? [] : [key === null ? null : bytes(key)]))
  const batch = batchOf({ topic: 'in', partition: 3 }, 7, first, values)
  return { ...batch, context: { ...batch.context, key: (index) => keys[index] ?? null } }
}

const batches = fc
  .tuple(
    fc.nat(1e9),
    fc.array(
      fc.tuple(fc.option(fc.string({ maxLength: 3 }), { freq: 5 }), fc.option(fc.string({ unit: 'grapheme-ascii' }))),
    ),
  )
  .map(([first, records]) =>
    keyed(
      first,
      records.map(([key, value]) => [key, value?.replaceAll('\n', ' ') ?? null]),
    ),
  )

test('every record is in the part of one worker, in its order, with its line, key and offset', () => {
  fc.assert(
    fc.property(batches, workers, (batch, count) => {
      const owners = workersOf(batch, count)
      const parts = Array.from({ length: count }, (_, worker) => partOf(batch, owners, worker, batch.firstOffset))
      const found = parts.flatMap((part, worker) =>
        Array.from({ length: part.count }, (_, i) => {
          const key = part.context.key(i)
          assert.equal(worker, workerOfRecord(key, part.offsets[i] ?? -1, count), 'as the record alone says')
          return { offset: part.offsets[i] ?? -1, line: Buffer.from(lineAt(part, i)).toString(), key }
        }),
      )
      for (const part of parts) {
        assert.deepEqual(part.offsets, part.offsets.toSorted())
        assert.deepEqual([part.firstOffset, part.nextOffset], [batch.firstOffset, batch.nextOffset])
        assert.equal(part.ends.at(-1) ?? 0, part.bytes.length)
      }
      const all = Array.from({ length: batch.count }, (_, i) => ({
        offset: batch.offsets[i] ?? -1,
        line: Buffer.from(lineAt(batch, i)).toString(),
        key: batch.context.key(i),
      }))
      assert.deepEqual(
        found.sort((a, b) => a.offset - b.offset),
        all,
      )
    }),
  )
})

test('a part from an offset on holds nothing before it', () => {
  const batch = keyed(10, [['a', 'x'], ['a', 'y'], ['a', null], ['a', 'z']]) // prettier-ignore
  const owners = workersOf(batch, 1)
  const part = partOf(batch, owners, 0, 11)
  assert.deepEqual([...part.offsets], [11, 13])
  assert.deepEqual([part.firstOffset, part.nextOffset], [11, 14])
})

test('the keys of one partition are spread over all workers, whatever the numbers of both', () => {
  const keys = Array.from({ length: 30_000 }, (_, i) => bytes(`key-${i}`))
  for (const partitions of [1, 2, 3, 4, 6, 12]) {
    const ofOne = keys.filter((key) => partitionForKey(key, partitions) === partitions - 1)
    for (const count of [2, 3, 4, 8]) {
      const loads = Array.from({ length: count }, () => 0)
      for (const key of ofOne) loads[workerOfRecord(key, 0, count)] = (loads[workerOfRecord(key, 0, count)] ?? 0) + 1
      const fair = ofOne.length / count
      assert.ok(
        loads.every((load) => Math.abs(load - fair) < fair * 0.25),
        `${count} workers, ${partitions} partitions: ${loads.join(' ')}`,
      )
    }
  }
})

test('evening out ends with nobody two ahead of another, and moves no more than needed', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(20), { minLength: 1, maxLength: 9 }), (loads) => {
      const [sum, size] = [loads.reduce((a, b) => a + b, 0), loads.length]
      const high = Math.ceil(sum / size)
      const needed = loads.reduce((moves, load) => moves + Math.max(0, load - high), 0)
      let moves = 0
      for (let uneven = unevenness(loads); uneven; uneven = unevenness(loads)) {
        loads[uneven.from] = (loads[uneven.from] ?? 0) - 1
        loads[uneven.to] = (loads[uneven.to] ?? 0) + 1
        assert.ok(++moves <= sum)
      }
      assert.ok(Math.max(...loads) - Math.min(...loads) <= 1)
      assert.ok(moves >= needed && moves <= needed + size)
    }),
  )
})

test('the first of those with least gets the next', () => {
  assert.equal(leastLoaded([2, 1, 1]), 1)
  assert.equal(leastLoaded([0]), 0)
})

test('one worker goes with everything, several not with what is one', () => {
  const use = { workers: 2, dealing: 'partition', delivery: 'at-least-once', local: false } as const
  assert.equal(workersProblem(use), null)
  assert.equal(workersProblem({ ...use, dealing: 'key' }), null)
  assert.equal(workersProblem({ ...use, delivery: 'at-most-once' }), null)
  assert.match(workersProblem({ ...use, delivery: 'at-most-once', dealing: 'key' }) ?? '', /WORKERS_BY=partition/)
  assert.match(workersProblem({ ...use, delivery: 'exactly-once' }) ?? '', /one transaction/)
  assert.match(workersProblem({ ...use, local: true }) ?? '', /--in/)
  assert.equal(workersProblem({ workers: 1, dealing: 'key', delivery: 'exactly-once', local: true }), null)
})
