// Batches that are not what they should be: an error that says where, everything before it intact.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RecordBatchError } from '../../../src/wire/record-batch/errors.ts'
import { RecordsReader } from '../../../src/wire/record-batch/records-reader.ts'
import { batchOf, CONTROL, marker, optionsOf, readAll, record, recordsOf, sealed, stored } from './records.ts'

const failure =
  (fault: string, baseOffset: number, message: RegExp) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof RecordBatchError, String(error))
    assert.deepEqual(error.place, { topic: 'readings', partition: 3, baseOffset })
    assert.equal(error.fault, fault)
    assert.match(error.message, message)
    assert.match(error.message, /readings-3/)
    return true
  }

test('old message formats are refused by name', async () => {
  for (const magic of [0, 1]) {
    const old = await batchOf(recordsOf('a'), { baseOffset: 9 })
    old.writeInt8(magic, 16)
    old.writeInt32BE(14, 8)
    await assert.rejects(readAll(old), failure('unsupported', 9, new RegExp(`message format v${magic} is not read`)))
  }
  const future = await batchOf(recordsOf('a'), { baseOffset: 9 })
  future.writeInt8(3, 16)
  await assert.rejects(readAll(future), failure('corrupt', 9, /unknown message format 3/))
})

test('every flipped bit behind the checksum is seen', async () => {
  const bytes = await batchOf(recordsOf('abc'), { baseOffset: 4 })
  for (let bit = 17 * 8; bit < bytes.length * 8; bit++) {
    const flipped = Buffer.from(bytes)
    flipped.writeUInt8(flipped.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
    await assert.rejects(readAll(flipped), (error) => error instanceof RecordBatchError && error.fault === 'corrupt')
  }
  const flipped = Buffer.from(bytes)
  flipped.writeUInt8(0, 60)
  await assert.rejects(readAll(flipped), failure('corrupt', 4, /the checksum is [0-9a-f]{8} instead of [0-9a-f]{8}/))
})

test('what lies before a broken batch is given first, and the error stays', async () => {
  const broken = await batchOf(recordsOf('cd'), { baseOffset: 2 })
  broken.writeUInt8(1, broken.length - 1)
  const reader = new RecordsReader(Buffer.concat([await batchOf(recordsOf('ab')), broken]), optionsOf())
  const piece = await reader.next(1000)
  assert.equal(piece?.nextOffset, 2)
  await assert.rejects(reader.next(1000), failure('corrupt', 2, /checksum/))
  await assert.rejects(reader.next(1000), failure('corrupt', 2, /checksum/))
  assert.equal(reader.position, 2)
  // The same with records that are malformed, though their checksum is right.
  sealed(broken)
  const again = new RecordsReader(Buffer.concat([await batchOf(recordsOf('ab')), broken]), optionsOf())
  assert.equal((await again.next(1000))?.nextOffset, 3)
  await assert.rejects(again.next(1000), failure('corrupt', 2, /header/))
})

test('a batch of lower offsets than were read brings nothing', async () => {
  const bytes = Buffer.concat([await batchOf(recordsOf('ab'), { baseOffset: 5 }), await batchOf(recordsOf('cd'))])
  const reader = new RecordsReader(bytes, optionsOf())
  assert.equal(reader.nextOffset, 7)
  assert.deepEqual([...((await reader.next(1000))?.offsets ?? [])], [5, 6])
  assert.equal(await reader.next(1000), null)
})

test('impossible facts of a header are corrupt, not believed', async () => {
  const spoilt = async (change: (bytes: Buffer) => void): Promise<Buffer> => {
    const bytes = await batchOf(recordsOf('abc'), { baseOffset: 8 })
    change(bytes)
    return sealed(bytes)
  }
  const cases: [RegExp, (bytes: Buffer) => void][] = [
    [/a size of 60 bytes/, (bytes) => bytes.writeInt32BE(48, 8)],
    [/a size of -\d+ bytes/, (bytes) => bytes.writeInt32BE(-2000, 8)],
    [/impossible last offset delta -1/, (bytes) => bytes.writeInt32BE(-1, 23)],
    [/impossible offset 10/, (bytes) => bytes.writeInt32BE(1, 23)],
    [/-1 records cannot be/, (bytes) => bytes.writeInt32BE(-1, 57)],
    [/2147483647 records cannot be/, (bytes) => bytes.writeInt32BE(0x7fff_ffff, 57)],
    [/bytes after the last record/, (bytes) => bytes.writeInt32BE(2, 57)],
    [/an unknown compression/, (bytes) => bytes.writeInt16BE(7, 21)],
  ]
  for (const [message, change] of cases) {
    const bytes = await spoilt(change)
    await assert.rejects(
      async () => {
        const reader = new RecordsReader(bytes, optionsOf())
        while ((await reader.next(1000)) !== null);
      },
      failure('corrupt', 8, message),
    )
  }
})

test('offsets that do not rise are corrupt', async () => {
  const bytes = await batchOf(recordsOf('ab'))
  const second = 61 + (bytes.length - 61) / 2
  bytes.writeUInt8(0, second + 3)
  await assert.rejects(async () => readAll(sealed(bytes)), failure('corrupt', 0, /impossible offset 0/))
})

test('a control record without type is corrupt', async () => {
  const bytes = stored(await marker('abort', 1, 0), {})
  const short = await batchOf([record('v', { key: Buffer.from([0, 0]) })], { producerId: 1, attributes: CONTROL })
  assert.equal((await readAll(bytes))[0]?.count, 0)
  await assert.rejects(readAll(short), failure('corrupt', 0, /a control record without type/))
})
