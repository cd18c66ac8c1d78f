// Both directions against kafkajs: what it writes is read here, what is written here it reads.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compressions } from '../../../src/wire/record-batch/compression.ts'
import type { OutgoingRecord } from '../../../src/wire/record-batch/records-writer.ts'
import { oracleDecode, oracleEncode } from './kafkajs-oracle.ts'
import { batchOf, plainRecords, readAll } from './records.ts'

const bytes = fc.uint8Array({ maxLength: 200, size: 'max' }).map((array) => Buffer.from(array))
const nullable = fc.option(bytes, { nil: null })
const name = fc.string({ unit: 'grapheme', maxLength: 12 })
/** kafkajs loses names that every object has. */
const oracleNames = fc.dictionary(
  name.filter((each) => !(each in {})),
  fc.oneof(bytes, fc.array(bytes, { maxLength: 3 })),
  {
    maxKeys: 4,
  },
)
const delta = fc.oneof(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: -(2 ** 40), max: 2 ** 40 }))

const oracleBatch = fc.record({
  firstOffset: fc.integer({ min: 0, max: 2 ** 45 }),
  firstTimestamp: fc.integer({ min: 2 ** 40, max: 2 ** 41 }),
  gzip: fc.boolean(),
  records: fc
    .array(fc.record({ gap: fc.nat(3), timestampDelta: delta, key: nullable, value: nullable, headers: oracleNames }), {
      minLength: 1,
      maxLength: 30,
    })
    .map((records) => {
      let offsetDelta = -1
      return records.map((record) => ({ ...record, offsetDelta: (offsetDelta += 1 + record.gap) }))
    }),
})

test('what kafkajs writes is read, whatever the pieces', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(oracleBatch, { minLength: 1, maxLength: 3 }),
      fc.integer({ min: 1, max: 3000 }),
      async (batches, maxBytes) => {
        let firstOffset = 0
        const placed = batches.map((batch) => {
          const at = firstOffset + (batch.firstOffset % 1000)
          firstOffset = at + (batch.records.at(-1)?.offsetDelta ?? 0) + 1
          return { ...batch, firstOffset: at }
        })
        const pieces = await readAll(Buffer.concat(await Promise.all(placed.map(oracleEncode))), {}, maxBytes)
        const all = placed.flatMap((batch) => batch.records.map((record) => ({ batch, record })))
        const kept = all.filter(({ record }) => record.value !== null)
        assert.deepEqual(
          pieces.flatMap(plainRecords),
          kept.map(({ batch, record }) => ({
            offset: batch.firstOffset + record.offsetDelta,
            timestamp: batch.firstTimestamp + record.timestampDelta,
            key: record.key?.toString('latin1') ?? null,
            value: record.value?.toString('latin1'),
            headers: Object.entries(record.headers).flatMap(([name, values]) =>
              [values].flat().map((value) => [name, value.toString('latin1')]),
            ),
          })),
        )
        assert.equal(
          pieces.reduce((sum, { tombstones }) => sum + tombstones, 0),
          all.length - kept.length,
        )
        assert.deepEqual(
          pieces.map((piece) => piece.firstOffset),
          [0, ...pieces.map((piece) => piece.nextOffset)].slice(0, -1),
        )
        assert.equal(pieces.at(-1)?.nextOffset, firstOffset)
      },
    ),
    { numRuns: 150 },
  )
})

const outgoing: fc.Arbitrary<OutgoingRecord> = fc.record({
  key: nullable,
  value: nullable,
  headers: fc.array(
    fc.tuple(
      name.filter((each) => !(each in {})),
      nullable,
    ),
    { maxLength: 4 },
  ),
  timestamp: fc.integer({ min: 0, max: 2 ** 42 }),
})

test('what is written here kafkajs reads', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(outgoing, { minLength: 1, maxLength: 30, size: 'max' }),
      fc.constantFrom('none', 'gzip'),
      fc.record({
        producerId: fc.bigInt({ min: -1n, max: 2n ** 63n - 1n }),
        producerEpoch: fc.integer({ min: -1, max: 2 ** 15 - 1 }),
        baseSequence: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
        transactional: fc.boolean(),
      }),
      async (records, compression, producer) => {
        const batch = await oracleDecode(await batchOf(records, { ...producer, compression }))
        assert.deepEqual(
          batch.records.map(({ offset, timestamp, key, value, headers }) => ({
            offset,
            timestamp,
            key,
            value,
            headers: Object.entries(headers).map(([name, values]) => [name, [values].flat()]),
          })),
          records.map(({ key, value, headers, timestamp }, index) => ({
            offset: String(index),
            timestamp: String(timestamp),
            key,
            value,
            headers: Object.entries(Object.groupBy(headers, ([name]) => name)).map(([name, same]) => [
              name,
              same?.map(([, content]) => content),
            ]),
          })),
        )
        assert.equal(batch.lastOffsetDelta, records.length - 1)
        assert.equal(batch.producerId, String(producer.producerId))
        assert.equal(batch.producerEpoch, producer.producerEpoch)
        assert.equal(batch.firstSequence, producer.baseSequence)
        assert.equal(batch.inTransaction, producer.transactional)
        assert.equal(batch.isControlBatch, false)
      },
    ),
    { numRuns: 150 },
  )
})

test('every compression comes back', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(outgoing, { minLength: 1, maxLength: 30, size: 'max' }),
      fc.constantFrom(...compressions),
      async (records, compression) => {
        const doubled = [...records, ...records]
        const pieces = await readAll(await batchOf(doubled, { compression }))
        assert.deepEqual(
          pieces.flatMap(plainRecords).map(({ value }) => value),
          doubled.flatMap(({ value }) => (value ? [Buffer.from(value).toString('latin1')] : [])),
        )
      },
    ),
    { numRuns: 200 },
  )
})
