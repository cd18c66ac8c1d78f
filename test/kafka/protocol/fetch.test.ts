// Fetch requests and answers, byte for byte as Kafka's FetchRequest.json and FetchResponse.json lay them out.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fetch, type WantedPartition } from '../../../src/kafka/protocol/fetch.ts'
import { RequestWriter } from '../../../src/kafka/protocol/request-writer.ts'
import { ResponseReader } from '../../../src/kafka/protocol/response-reader.ts'

const ID = '00112233445566778899aabbccddeeff'
const wanted: WantedPartition = {
  ...{ topic: 'in', partition: 3, topicId: ID, leaderEpoch: 4, offset: 5, fetchedEpoch: 6, maxBytes: 7 },
}
const limits = { maxWaitMs: 500, maxBytes: 1024 }

const hex = (...fields: string[]): string => fields.join('').replaceAll(' ', '')

/** A broker that has Fetch up to this version. */
const request = (maxVersion: number, each: WantedPartition = wanted): ReturnType<typeof fetch> =>
  fetch([each], limits, { 1: { minVersion: 4, maxVersion } })

function encoded(maxVersion: number, each?: WantedPartition): string {
  const to = new RequestWriter()
  request(maxVersion, each).encode(to)
  return Buffer.concat(to.pieces()).toString('hex')
}

// Replica -1, wait, least and most bytes, read_committed, no session and no epoch of one.
const head = hex('ffffffff', '000001f4', '00000001', '00000400', '01', '00000000', 'ffffffff')
// Partition, leader epoch, offset, epoch of what was fetched, no log start of a follower, bytes, no tags; of the topic no tags.
const flexiblePartition = hex(
  '02',
  '00000003',
  '00000004',
  '0000000000000005',
  '00000006',
  'ffffffffffffffff',
  '00000007',
  '00',
  '00',
)
// Nothing forgotten, no rack, no tags.
const flexibleEnd = hex('01', '01', '00')
const byName = hex(head, '02', '03', '696e', flexiblePartition, flexibleEnd)

for (const [maxVersion, version, bytes] of [
  [
    11,
    11,
    hex(
      ...[head, '00000001', '0002', '696e'],
      ...['00000001', '00000003', '00000004', '0000000000000005', 'ffffffffffffffff', '00000007'],
      ...['00000000', '0000'],
    ),
  ],
  [12, 12, byName],
  [17, 13, hex(head, '02', ID, flexiblePartition, flexibleEnd)],
] as const) {
  test(`a broker with Fetch up to ${maxVersion} is asked in version ${version}`, () => {
    const { apiVersion, flexible } = request(maxVersion)
    assert.deepEqual([apiVersion, flexible, encoded(maxVersion)], [version, version > 11, bytes])
  })
}

test('a topic whose id is not known is asked for by its name', () => {
  const nameless = { ...wanted, topicId: null }
  assert.deepEqual([request(17, nameless).apiVersion, encoded(17, nameless)], [12, byName])
})

// Throttled for 9 ms, no error, no session.
const answerHead = hex('00000009', '0000', '00000000')
// Partition, no error, high watermark, last stable offset, log start.
const facts = hex('00000003', '0000', '0000000000000008', '0000000000000007', '0000000000000001')
// Tag 0, diverging epoch 2 up to offset 4, and tag 1, the leader, which is of no interest.
const tags = hex('02', '00', '0d', '00000002', '0000000000000004', '00', '01', '09', '00000001', '00000002', '00')
// One aborted transaction, of producer 11 from offset 6, no replica preferred, two bytes of records.
const flexibleRest = hex('02', '000000000000000b', '0000000000000006', '00', 'ffffffff', '03', 'cafe')

const found = {
  ...{ topic: 'in', partition: 3, error: 0, highWatermark: 8 },
  aborted: [{ producerId: 11n, firstOffset: 6 }],
  records: Buffer.from('cafe', 'hex'),
}
const divergence = { epoch: 2, endOffset: 4 }

for (const [version, bytes, expected] of [
  [
    11,
    hex(
      ...[answerHead, '00000001', '0002', '696e', '00000001', facts],
      ...['00000001', '000000000000000b', '0000000000000006', 'ffffffff', '00000002', 'cafe'],
    ),
    { ...found, divergence: null },
  ],
  [12, hex(answerHead, '02', '03', '696e', '02', facts, flexibleRest, tags, '00', '00'), { ...found, divergence }],
  [13, hex(answerHead, '02', ID, '02', facts, flexibleRest, '00', '00', '00'), { ...found, divergence: null }],
] as const) {
  test(`an answer of version ${version} is read`, () => {
    const answer = request(version).decode(new ResponseReader(Buffer.from(bytes, 'hex')))
    assert.deepEqual(answer, { throttleMs: 9, error: 0, partitions: [expected] })
  })
}

test('nulls for records and aborted transactions are none', () => {
  const bytes = hex(answerHead, '02', '03', '696e', '02', facts, '00', 'ffffffff', '00', '00', '00', '00')
  const [partition] = request(12).decode(new ResponseReader(Buffer.from(bytes, 'hex'))).partitions
  assert.deepEqual([partition?.aborted, partition?.records.length], [[], 0])
})
