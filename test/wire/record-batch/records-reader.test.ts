import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecordsReader } from '../../../src/wire/record-batch/records-reader.ts'
import type { ReaderOptions } from '../../../src/wire/record-batch/records-reader.ts'
import { batchOf, marker, optionsOf, plainRecords, readAll, record, recordsOf, sealed } from './records.ts'

const LOG_APPEND_TIME = 0x08

const transaction = (text: string, producerId: number, baseOffset: number): Promise<Buffer> =>
  batchOf(recordsOf(text), { producerId, producerEpoch: 1, baseSequence: 0, transactional: true, baseOffset })

async function linesOf(batches: readonly Promise<Buffer>[], over: Partial<ReaderOptions> = {}): Promise<string> {
  const pieces = await readAll(Buffer.concat(await Promise.all(batches)), over)
  return pieces.map(({ bytes }) => Buffer.from(bytes).toString().replaceAll('\n', '')).join('|')
}

test('one piece holds the lines of all batches, with the index that a LineBatch has', async () => {
  const headers = [
    ['trace', Buffer.from('1')],
    ['trace', null],
    ['', Buffer.alloc(0)],
  ] as const
  const bytes = Buffer.concat([
    await batchOf([record('a'), record(null), record('', { key: Buffer.from('k'), timestamp: 5 })], { baseOffset: 10 }),
    await batchOf([record('two', { headers, key: Buffer.alloc(0) })], { baseOffset: 20 }),
  ])
  const [piece, ...more] = await readAll(bytes, { fetchOffset: 10 })
  assert.ok(piece)
  assert.deepEqual(more, [])
  const { topic, partition, epoch, firstOffset, nextOffset, count, tombstones } = piece
  assert.deepEqual(
    { topic, partition, epoch, firstOffset, nextOffset, count, tombstones },
    { topic: 'readings', partition: 3, epoch: 7, firstOffset: 10, nextOffset: 21, count: 3, tombstones: 1 },
  )
  assert.equal(Buffer.from(piece.bytes).toString(), 'a\n\ntwo\n')
  assert.deepEqual([...piece.ends], [2, 3, 7])
  assert.equal(piece.context.hasHeaders, true)
  const at = 1_700_000_000_000
  assert.deepEqual(plainRecords(piece), [
    { offset: 10, timestamp: at, key: null, value: 'a', headers: [] },
    { offset: 12, timestamp: 5, key: 'k', value: '', headers: [] },
    { offset: 20, timestamp: at, key: '', value: 'two', headers: [['trace', '1'], ['trace', null], ['', '']] }, // prettier-ignore
  ])
})

test('the leader epoch is that of the last batch that is there as a whole', async () => {
  const batches = await Promise.all([3, 5, 6].map((leaderEpoch) => batchOf(recordsOf('a'), { leaderEpoch })))
  const bytes = Buffer.concat(batches)
  const epochOf = (length: number): number => new RecordsReader(bytes.subarray(0, length), optionsOf()).leaderEpoch
  assert.deepEqual([bytes.length, bytes.length - 1, 60].map(epochOf), [6, 5, -1])
})

test('headers like those of the record before are kept once, others are not mixed up with them', async () => {
  const of = (text: string) => [['h', Buffer.from(text)]] as const
  const all = [of('x'.repeat(500)), of('x'.repeat(500)), [], of('y'), of('x'.repeat(500)), of('y'), of('y'), of('z')]
  const [piece] = await readAll(await batchOf(all.map((headers) => record('v', { headers }))))
  assert.ok(piece)
  assert.deepEqual(
    plainRecords(piece).map(({ headers }) => headers.map(([, value]) => value?.[0] ?? '')),
    [['x'], ['x'], [], ['y'], ['x'], ['y'], ['y'], ['z']],
  )
  assert.equal(piece.context.headers(0)[0]?.[1]?.byteOffset, piece.context.headers(1)[0]?.[1]?.byteOffset)
})

test('nothing refers to the bytes of the response', async () => {
  const bytes = await batchOf([record('value', { key: Buffer.from('key'), headers: [['h', Buffer.from('header')]] })])
  const [piece] = await readAll(bytes)
  bytes.fill(0)
  assert.ok(piece)
  assert.deepEqual(plainRecords(piece), [
    { offset: 0, timestamp: 1_700_000_000_000, key: 'key', value: 'value', headers: [['h', 'header']] },
  ])
})

test('the time is the broker’s where the topic says so', async () => {
  const bytes = await batchOf([record('a', { timestamp: 1000 }), record('b', { timestamp: 3000 })], {
    attributes: LOG_APPEND_TIME,
  })
  assert.deepEqual((await readAll(bytes)).flatMap(plainRecords).map(({ timestamp }) => timestamp), [3000, 3000]) // prettier-ignore
})

test('records below the fetch offset are skipped, the range begins there', async () => {
  const bytes = await batchOf(recordsOf('abcde'), { baseOffset: 100 })
  const [piece] = await readAll(bytes, { fetchOffset: 103 })
  assert.deepEqual([...(piece?.offsets ?? [])], [103, 104])
  assert.equal(piece?.firstOffset, 103)
  assert.equal(piece.nextOffset, 105)
  assert.deepEqual(await readAll(bytes, { fetchOffset: 105 }), [])
  const pieces = await readAll(bytes, { fetchOffset: 103 }, 1)
  assert.deepEqual(
    pieces.map(({ firstOffset, nextOffset, count }) => [firstOffset, nextOffset, count]),
    [
      [103, 104, 1],
      [104, 105, 1],
    ],
  )
})

test('the range covers what compaction removed', async () => {
  const emptied = await batchOf([record('x')], { baseOffset: 5 })
  emptied.writeInt32BE(9, 23)
  emptied.writeInt32BE(0, 57)
  emptied.writeInt32BE(61 - 12, 8)
  const bytes = Buffer.concat([sealed(emptied.subarray(0, 61)), await batchOf([record('y')], { baseOffset: 40 })])
  const [piece] = await readAll(bytes, { fetchOffset: 3 })
  assert.deepEqual([piece?.firstOffset, piece?.nextOffset, piece?.count], [3, 41, 1])
  const [alone] = await readAll(bytes.subarray(0, 61), { fetchOffset: 3 })
  assert.deepEqual([alone?.firstOffset, alone?.nextOffset, alone?.count], [3, 15, 0])
})

test('a piece ends at maxBytes, within a batch too, and the next goes on there', async () => {
  for (const compression of ['none', 'lz4'] as const) {
    const bytes = await batchOf(
      Array.from({ length: 1000 }, (_, i) => record(`value ${i}`)),
      { compression },
    )
    const pieces = await readAll(bytes, {}, 2000)
    assert.ok(pieces.length > 5)
    assert.ok(pieces.every((piece) => piece.bytes.length <= 2000))
    assert.deepEqual(
      pieces.flatMap(plainRecords).map(({ value, offset }) => [value, offset]),
      Array.from({ length: 1000 }, (_, i) => [`value ${i}`, i]),
    )
  }
  const large = await batchOf([record('a'), record('b'.repeat(5000)), record('c')])
  assert.deepEqual(
    (await readAll(large, {}, 100)).map(({ count, bytes }) => [count, bytes.length]),
    [
      [2, 5003],
      [1, 2],
    ],
  )
})

test('what is skipped fills a piece too', async () => {
  const tombstones = await batchOf(Array.from({ length: 100 }, () => record(null)))
  const pieces = await readAll(tombstones, {}, 100)
  assert.ok(pieces.length > 5)
  assert.equal(pieces.reduce((sum, piece) => sum + piece.tombstones, 0), 100) // prettier-ignore
  const markers = Array.from({ length: 10 }, (_, i) => marker('commit', 1, i))
  assert.equal((await readAll(Buffer.concat(await Promise.all(markers)), {}, 300)).length, 3)
})

test('aborted transactions are not for a reader of committed records', async () => {
  // Two producers take turns; 1 aborts, 2 commits, then 1 commits, and one writes without a transaction.
  const log = [
    transaction('ab', 1, 0),
    transaction('CD', 2, 2),
    batchOf(recordsOf('x'), { baseOffset: 4 }),
    transaction('e', 1, 5),
    marker('abort', 1, 6),
    transaction('F', 2, 7),
    transaction('G', 1, 8),
    marker('commit', 2, 9),
    marker('commit', 1, 10),
  ]
  const aborted = [{ producerId: 1n, firstOffset: 0 }]
  assert.equal(await linesOf(log, { aborted }), 'CDxFG')
  assert.equal(await linesOf(log), 'abCDxeFG')
  const [piece] = await readAll(Buffer.concat(await Promise.all(log)), { aborted })
  assert.deepEqual([piece?.firstOffset, piece?.nextOffset], [0, 11])
  assert.deepEqual([...(piece?.offsets ?? [])], [2, 3, 4, 7, 8])
})

test('a transaction is aborted from its first offset on, whatever the order of the list', async () => {
  const log = [
    transaction('A', 1, 0),
    marker('commit', 1, 1),
    transaction('b', 1, 2),
    marker('abort', 1, 3),
    transaction('C', 1, 4),
    marker('commit', 1, 5),
    transaction('d', 1, 6),
    marker('abort', 1, 7),
  ]
  const at = (firstOffset: number) => ({ producerId: 1n, firstOffset })
  assert.equal(await linesOf(log, { aborted: [at(6), at(2)] }), 'AC')
  // As fetched from the middle of an aborted transaction on.
  assert.equal(await linesOf(log.slice(3), { aborted: [at(6), at(2)], fetchOffset: 3 }), 'C')
})

test('an idempotent producer’s batches stay, though its id has an aborted transaction', async () => {
  const idempotent = batchOf(recordsOf('x'), { producerId: 1, producerEpoch: 1, baseSequence: 0, baseOffset: 1 })
  const aborted = [{ producerId: 1n, firstOffset: 0 }]
  assert.equal(await linesOf([transaction('a', 1, 0), idempotent], { aborted }), 'x')
})

test('a batch that is not there as a whole is left, and told when it is the first', async () => {
  const first = await batchOf(recordsOf('abc'))
  const second = await batchOf(recordsOf('de'), { baseOffset: 3 })
  const whole = Buffer.concat([first, second])
  for (let length = 0; length <= whole.length; length++) {
    const reader = new RecordsReader(whole.subarray(0, length), optionsOf())
    const expected = length < first.length ? 0 : length < whole.length ? 3 : 5
    assert.equal(reader.nextOffset, expected)
    const needed = length >= first.length || length === 0 ? 0 : length <= 16 ? 61 : first.length
    assert.equal(reader.bytesNeeded, needed)
    const piece = await reader.next(1000)
    assert.equal(piece?.nextOffset ?? 0, expected)
    assert.equal(reader.position, expected)
    assert.equal(await reader.next(1000), null)
  }
})

test('what a batch holds besides its lines counts keys and headers, those that are repeated once', async () => {
  const besides = async (of: (i: number) => Parameters<typeof record>[1]): Promise<number> => {
    const records = Array.from({ length: 200 }, (_, i) => record(`value ${i}`, of(i)))
    const [piece] = await readAll(await batchOf(records))
    return piece?.besides ?? 0
  }
  const index = 20
  const tables = 12
  assert.equal(await besides(() => ({})), index)
  const keyed = await besides((i) => ({ key: Buffer.from(String(i).padStart(36, 'k')) }))
  assert.ok(keyed >= index + tables + 36 && keyed < 1.5 * (index + tables + 36), `${keyed} bytes with a key of 36`)
  const alike = await besides(() => ({ headers: [['trace', Buffer.alloc(60)]] }))
  assert.ok(alike >= index + tables && alike < 2 * (index + tables), `${alike} bytes with one header`)
  const different = await besides((i) => ({ headers: [['trace', Buffer.from(String(i).padStart(60))]] }))
  assert.ok(different >= index + tables + 60, `${different} bytes with headers of 60`)
})
