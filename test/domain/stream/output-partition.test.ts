import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Partitioners, type Message } from 'kafkajs'
import { murmur2, partitionForKey, StickyPartition } from '../../../src/domain/stream/output-partition.ts'

// The vectors of Kafka's own test: UtilsTest.testMurmur2.
const vectors: Record<string, number> = {
  '21': -973932308,
  foobar: -790332482,
  'a-little-bit-long-string': -985981536,
  'a-little-bit-longer-string': -1486304829,
  lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8: -58897971,
}

test("murmur2 gives the values of Kafka's own test", () => {
  for (const [key, hash] of Object.entries(vectors)) assert.equal(murmur2(Buffer.from(key)), hash, key)
  assert.equal(murmur2(Buffer.from('abc')), 479470107)
})

test("keys go where kafkajs's Java-compatible partitioner sends them", () => {
  const partitioner = Partitioners.DefaultPartitioner()
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 100 }), (key, count) => {
      const partitionMetadata = Array.from({ length: count }, (_, partitionId) => ({
        partitionErrorCode: 0,
        partitionId,
        leader: 0,
        replicas: [],
        isr: [],
      }))
      const message: Message = { key: Buffer.from(key), value: null }
      assert.equal(partitionForKey(key, count), partitioner({ topic: 't', partitionMetadata, message }))
    }),
    { numRuns: 500 },
  )
})

test('the next batch goes to the next partition, also after their number changed', () => {
  const sticky = new StickyPartition()
  assert.deepEqual(
    [3, 3, 3, 3, 3, 5, 5, 5, 5, 2, 2, 2].map((count) => sticky.next(count)),
    [0, 1, 2, 0, 1, 2, 3, 4, 0, 1, 0, 1],
  )
})
