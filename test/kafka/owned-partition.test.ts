import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OwnedPartition } from '../../src/kafka/fetch/owned-partition.ts'
import { RecordsReader } from '../../src/wire/record-batch/records-reader.ts'
import { batchOf, optionsOf, recordsOf } from '../wire/record-batch/records.ts'

const reader = (bytes: Buffer = Buffer.alloc(0)): RecordsReader => new RecordsReader(bytes, optionsOf())

test('an answer is told to be over when it was read to the end, and never when reading begins elsewhere', () => {
  const owned = new OwnedPartition({ topic: 'in', partition: 0 }, 1)
  const over: string[] = []
  const fetched = (name: string): void => owned.fetched(reader(), 1, () => void over.push(name))
  fetched('a')
  owned.turnOver()
  fetched('b')
  assert.deepEqual(over, [], 'a is being read, b waits')
  owned.turnOver()
  assert.deepEqual(over, ['a'])
  fetched('c')
  owned.seek(0)
  owned.turnOver()
  assert.deepEqual(over, ['a'], 'whoever reads b may be at it still')
  fetched('d')
  owned.turnOver()
  owned.turnOver()
  assert.deepEqual(over, ['a', 'd'])
})

test('the newest leader epoch that was fetched is known until it is not known where reading goes on', async () => {
  const owned = new OwnedPartition({ topic: 'in', partition: 0 }, 1)
  const fetched = async (leaderEpoch: number): Promise<void> =>
    owned.fetched(reader(await batchOf(recordsOf('a'), { leaderEpoch })), 1, () => undefined)
  assert.equal(owned.fetchedEpoch, -1)
  await fetched(4)
  owned.fetched(reader(), 0, () => undefined)
  assert.equal(owned.fetchedEpoch, 4, 'nothing came')
  owned.seek(0)
  await fetched(3)
  assert.equal(owned.fetchedEpoch, 4, 'an older record, read once more')
  owned.seek(2)
  assert.equal(owned.fetchedEpoch, -1, 'what lies before it was not fetched')
  await fetched(4)
  owned.seek(null)
  assert.equal(owned.fetchedEpoch, -1)
})
