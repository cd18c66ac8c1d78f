import assert from 'node:assert/strict'
import { test } from 'node:test'
import { OwnedPartition } from '../../src/kafka/fetch/owned-partition.ts'
import { RecordsReader } from '../../src/wire/record-batch/records-reader.ts'
import { optionsOf } from '../wire/record-batch/records.ts'

const reader = (): RecordsReader => new RecordsReader(Buffer.alloc(0), optionsOf())

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
