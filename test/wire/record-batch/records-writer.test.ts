import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Headers } from '../../../src/domain/stream/line-batch.ts'
import type { ValueBatch } from '../../../src/domain/stream/value-batch.ts'
import { compressions } from '../../../src/wire/record-batch/compression.ts'
import { RecordsWriter } from '../../../src/wire/record-batch/records-writer.ts'
import { CRC_AT, PRODUCER_ID_AT } from '../../../src/wire/record-batch/batch-header.ts'
import type { BatchOptions } from '../../../src/wire/record-batch/stamp.ts'
import { oracleDecode } from './kafkajs-oracle.ts'
import { NO_PRODUCER, plainRecords, readAll, record } from './records.ts'

const plain: BatchOptions = { ...NO_PRODUCER, transactional: false, compression: 'none' }
const headers: Headers = [
  ['content-type', Buffer.from('text/plain')],
  ['empty', Buffer.alloc(0)],
  ['none', null],
]

/** Values that lie apart, in an order of their own, in bytes that begin somewhere in their memory. */
function valuesOf(values: readonly Uint8Array[], uniform: ValueBatch['context']['uniform']): ValueBatch {
  const backwards = values.toReversed()
  const memory = new Uint8Array(
    Buffer.concat([Buffer.from('xxx'), ...backwards.flatMap((value) => [value, Buffer.from('\n')])]),
  )
  const starts = new Uint32Array(values.length)
  let at = 0
  backwards.forEach((value, i) => {
    starts[values.length - 1 - i] = at
    at += value.length + 1
  })
  return {
    partition: 0,
    count: values.length,
    bytes: memory.subarray(3),
    starts,
    ends: starts.map((start, i) => start + (values[i]?.length ?? 0)),
    context: {
      uniform,
      key: () => null,
      headers: () => uniform?.headers ?? headers,
      timestamp: (index) => uniform?.timestamp ?? 1000 - index,
    },
  }
}

const values = fc.array(fc.uint8Array({ maxLength: 300, size: 'max' }), { minLength: 1, maxLength: 200, size: 'max' })
const uniform = fc.record({ headers: fc.constantFrom<Headers>([], headers), timestamp: fc.nat(2000) })

test('the fast path writes the very bytes of the slow one, over several value batches', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(values, uniform), { minLength: 1, maxLength: 3 }), async (parts) => {
      const fast = new RecordsWriter()
      const slow = new RecordsWriter()
      for (const [list, same] of parts) {
        const batch = valuesOf(list, same)
        fast.add(batch, 0, list.length)
        const asked = { ...batch, context: { ...batch.context, uniform: null } }
        slow.add(asked, 0, list.length)
      }
      assert.deepEqual(await fast.encode(plain), await slow.encode(plain))
    }),
    { numRuns: 60 },
  )
})

test('what was written is read, whatever the keys, headers and times', async () => {
  await fc.assert(
    fc.asyncProperty(values, fc.option(uniform, { nil: null }), async (list, same) => {
      const writer = new RecordsWriter()
      writer.add(valuesOf(list, same), 0, list.length)
      const records = (await readAll(await writer.encode(plain), {}, 1000)).flatMap(plainRecords)
      assert.deepEqual(
        records.map(({ value, offset }) => [value, offset]),
        list.map((value, i) => [Buffer.from(value).toString('latin1'), i]),
      )
      assert.deepEqual(records.map(({ timestamp }) => timestamp), list.map((_, i) => same?.timestamp ?? 1000 - i)) // prettier-ignore
    }),
    { numRuns: 60 },
  )
})

test('records of any kind, as dead letters are', async () => {
  const writer = new RecordsWriter()
  writer.addRecord(record('value', { key: Buffer.from('key'), headers, timestamp: 10 }))
  writer.addRecord(record(null, { key: Buffer.alloc(0), timestamp: 2 ** 41 }))
  writer.addRecord(record('', { timestamp: 5 }))
  const { records, ...batch } = await oracleDecode(await writer.encode(plain))
  assert.deepEqual(
    records.map(({ key, value, timestamp }) => [key?.toString() ?? null, value?.toString() ?? null, timestamp]),
    [
      ['key', 'value', '10'],
      ['', null, String(2 ** 41)],
      [null, '', '5'],
    ],
  )
  assert.deepEqual(records[0]?.headers, { 'content-type': Buffer.from('text/plain'), empty: Buffer.alloc(0), none: null }) // prettier-ignore
  assert.partialDeepStrictEqual(batch, { firstTimestamp: '10', maxTimestamp: String(2 ** 41), lastOffsetDelta: 2 })
})

test('a time that no clock shows travels as none', async () => {
  const writer = new RecordsWriter()
  const times = [5, Number(2n ** 63n - 1n), -(2 ** 60), NaN, 1.5]
  for (const timestamp of times) writer.addRecord(record('v', { timestamp }))
  const pieces = await readAll(await writer.encode(plain))
  assert.deepEqual(pieces.flatMap(plainRecords).map(({ timestamp }) => timestamp), [5, -1, -1, -1, 1]) // prettier-ignore
})

/** Without checksum and producer. */
const anonymous = (batch: Buffer): Buffer => {
  const copy = Buffer.from(batch)
  copy.fill(0, CRC_AT, CRC_AT + 4)
  return copy.fill(0, PRODUCER_ID_AT, PRODUCER_ID_AT + 14)
}

test('encoding twice gives equal bytes; another producer changes only what names it', async () => {
  const batch = valuesOf(
    Array.from({ length: 50 }, (_, i) => Buffer.from(`value ${i}`)),
    { headers, timestamp: 9 },
  )
  for (const compression of compressions) {
    const writer = new RecordsWriter()
    const encoded = (options: Partial<BatchOptions>): Promise<Buffer> => {
      writer.add(batch, 0, batch.count)
      return writer.encode({ ...plain, compression, ...options })
    }
    const first = { producerId: 2n ** 62n, producerEpoch: 3, baseSequence: 2 ** 31 - 1 }
    const second = { producerId: 77, producerEpoch: 0, baseSequence: 0 }
    const bytes = await encoded(first)
    assert.deepEqual(await encoded(first), bytes)
    const other = await encoded(second)
    assert.deepEqual(await encoded(first), bytes)
    assert.notDeepEqual(other, bytes)
    assert.deepEqual(anonymous(other), anonymous(bytes))
  }
})

test('what would not shrink is not compressed', async () => {
  let state = 1
  const noise = Buffer.from(
    Uint8Array.from({ length: 2000 }, () => (state = Math.imul(state, 1103515245) + 12345) >>> 16),
  )
  for (const compression of compressions) {
    const encoded = (options: BatchOptions): Promise<Buffer> => {
      const writer = new RecordsWriter()
      writer.addRecord(record(noise.toString('latin1')))
      return writer.encode(options)
    }
    assert.deepEqual(await encoded({ ...plain, compression }), await encoded(plain))
  }
})

test('nothing cannot be encoded', async () => {
  await assert.rejects(new RecordsWriter().encode(plain), RangeError)
})
