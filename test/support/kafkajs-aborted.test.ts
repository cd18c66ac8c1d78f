import assert from 'node:assert/strict'
import { test } from 'node:test'
import { committedOnly } from './kafkajs-aborted.ts'

type Messages = Parameters<typeof committedOnly>[0]['messages']

const data = (offset: number, producerId: string): Messages[number] => ({
  ...{ offset: String(offset), key: null, isControlRecord: false, batchContext: { producerId, inTransaction: true } },
})
const marker = (offset: number, producerId: string, commits: boolean): Messages[number] => ({
  ...{ offset: String(offset), key: Buffer.from([0, 0, 0, commits ? 1 : 0]), isControlRecord: true },
  batchContext: { producerId, inTransaction: true },
})

test('what is aborted is left out, also where a transaction that began first ended last', () => {
  const messages = [
    data(0, 'a'),
    data(1, 'b'),
    data(2, 'a'),
    marker(3, 'b', false),
    data(4, 'b'),
    marker(5, 'a', false),
    data(6, 'a'),
    marker(7, 'b', true),
    marker(8, 'a', true),
  ]
  const abortedTransactions = [
    { producerId: 'b', firstOffset: '1' },
    { producerId: 'a', firstOffset: '0' },
  ]
  const kept = committedOnly({ messages, abortedTransactions }).filter(({ isControlRecord }) => !isControlRecord)
  assert.deepEqual(
    kept.map(({ offset }) => Number(offset)),
    [4, 6],
  )
  assert.equal(committedOnly({ messages, abortedTransactions: null }).length, messages.length)
})
