// Pools must not be seen: whatever was not given back holds still, however the memory of the rest is written over.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { LineBatch } from '../../../src/domain/stream/line-batch.ts'
import { BufferPool } from '../../../src/wire/buffer-pool.ts'
import { type Compression, compressions } from '../../../src/wire/record-batch/compression.ts'
import { RecordsReader } from '../../../src/wire/record-batch/records-reader.ts'
import { RecordsWriter } from '../../../src/wire/record-batch/records-writer.ts'
import { batchOf, NO_PRODUCER, optionsOf, plainRecords, readAll, record } from './records.ts'

/** A pool that spoils what it is given back, and tells how often that was. */
class SpoilingPool extends BufferPool {
  given = 0
  taken = 0
  readonly #lent = new WeakSet<ArrayBufferLike>()

  override take(length: number): Buffer {
    const bytes = super.take(length)
    this.taken++
    this.#lent.add(bytes.buffer)
    return bytes
  }

  override give(bytes: Uint8Array): void {
    this.given++
    if (this.#lent.has(bytes.buffer)) new Uint8Array(bytes.buffer).fill(0xee)
    super.give(bytes)
  }
}

const LARGEST = 40_000
const MOST = 60
/** Sizes around those from which memory is from the pool. */
const sizes = fc.array(fc.constantFrom(0, 1, 100, 5_000, LARGEST), { minLength: 1, maxLength: MOST, size: 'max' })
/** No batch of such records is too large. */
const maxBatchBytes = (LARGEST + 100) * MOST

test('pieces hold still until they are given back, others are read into their memory meanwhile', async () => {
  const compression = fc.constantFrom(...compressions)
  await fc.assert(
    fc.asyncProperty(
      fc.array(sizes, { minLength: 1, maxLength: 4 }),
      fc.nat(6),
      compression,
      async (batches, held, how) => {
        let offset = 0
        const stored: Buffer[] = []
        for (const list of batches) {
          const records = list.map((size, i) => record(`${offset + i}`.repeat(size).slice(0, size)))
          stored.push(await batchOf(records, { baseOffset: offset, compression: how }))
          offset += list.length
        }
        const bytes = Buffer.concat(stored)
        const expected = (await readAll(bytes, { maxBatchBytes })).flatMap(plainRecords)
        const reader = new RecordsReader(bytes, optionsOf({ pool: new SpoilingPool(1 << 20), maxBatchBytes }))
        const found: ReturnType<typeof plainRecords> = []
        const pieces: LineBatch[] = []
        const letGo = (): void => {
          const piece = pieces.shift()
          if (piece) found.push(...plainRecords(piece))
          piece?.recycle?.()
        }
        for (let piece = await reader.next(64 * 1024); piece !== null; piece = await reader.next(64 * 1024)) {
          pieces.push(piece)
          if (pieces.length > held) letGo()
        }
        while (pieces.length > 0) letGo()
        assert.deepEqual(found, expected)
      },
    ),
    { numRuns: 80 },
  )
})

test('full pieces come from the pool and go back to it', async () => {
  const bytes = await batchOf(Array.from({ length: 4000 }, (_, i) => record(`${i}`.padStart(100, '0'))))
  const pool = new SpoilingPool(1 << 20)
  const reader = new RecordsReader(bytes, optionsOf({ pool }))
  const memories = new Set<ArrayBufferLike>()
  let pieces = 0
  for (let piece = await reader.next(128 * 1024); piece !== null; piece = await reader.next(128 * 1024)) {
    pieces++
    memories.add(piece.bytes.buffer)
    piece.recycle?.()
  }
  assert.equal(pieces, 4)
  assert.ok(memories.size < pieces, `${memories.size} memories for ${pieces} pieces`)
})

for (const compression of compressions) {
  test(`a batch is the same from memory that has served before (${compression})`, async () => {
    const pool = new SpoilingPool(1 << 22)
    const encode = async (size: number, from: BufferPool | null): Promise<Buffer> => {
      const writer = new RecordsWriter(from)
      writer.expect(size)
      for (let i = 0; i < 30; i++) writer.addRecord(record(`${i},`.repeat(size / 60)))
      return writer.encode({ ...NO_PRODUCER, transactional: false, compression })
    }
    for (const size of [60_000, 600_000, 6_000, 300_000]) {
      const batch = await encode(size, pool)
      assert.deepEqual(batch, await encode(size, null))
      pool.give(batch)
    }
    assert.ok(pool.given > 4)
  })
}

test('a batch is decompressed into memory of the pool, which has it back when the records are read', async () => {
  const records = Array.from({ length: 4000 }, (_, i) => record(`${i}`.padStart(100, '0')))
  const counts = async (compression: Compression): Promise<{ taken: number; held: number }> => {
    const pool = new SpoilingPool(1 << 22)
    const pieces = await readAll(await batchOf(records, { compression }), { pool })
    assert.equal(pieces[0]?.count, 4000)
    return { taken: pool.taken, held: pool.taken - pool.given }
  }
  const plain = await counts('none')
  for (const compression of ['lz4', 'snappy'] as const) {
    const { taken, held } = await counts(compression)
    assert.ok(taken > plain.taken)
    assert.equal(held, plain.held)
  }
})
