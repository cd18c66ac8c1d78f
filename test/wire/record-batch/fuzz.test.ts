// Hostile bytes: an error that names the batch, or lines; never another exception, an endless loop or a huge allocation.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { RecordBatchError } from '../../../src/wire/record-batch/errors.ts'
import { RecordsReader } from '../../../src/wire/record-batch/records-reader.ts'
import { compressions } from '../../../src/wire/record-batch/compression.ts'
import { batchOf, optionsOf, plainRecords, record, sealed } from './records.ts'

const headers = [
  ['name', Buffer.from('value')],
  ['none', null],
] as const
const sources = await Promise.all(
  compressions.map(async (compression) =>
    Buffer.concat([
      await batchOf(
        Array.from({ length: 12 }, (_, i) =>
          record(i === 5 ? null : `value ${i} value ${i}`, { key: Buffer.from('k'), headers }),
        ),
        { compression },
      ),
      await batchOf([record('a'), record('b', { headers })], { baseOffset: 12, compression }),
      await batchOf([record('v', { key: Buffer.from([0, 0, 0, 0]) })], {
        baseOffset: 14,
        producerId: 1,
        attributes: 0x20,
      }),
    ]),
  ),
)

/** Reads to the end, or to the error; looks at everything that came out. */
async function survives(bytes: Buffer, maxBytes: number): Promise<void> {
  let batches = 0
  for (let at = 0; at + 61 <= bytes.length; at += Math.max(61, 12 + bytes.readInt32BE(at + 8))) batches++
  try {
    const reader = new RecordsReader(
      bytes,
      optionsOf({ maxBatchBytes: 1 << 16, aborted: [{ producerId: 1n, firstOffset: 3 }] }),
    )
    let position = reader.position
    for (let rounds = 0; ; rounds++) {
      // Every piece but one per batch takes a record at least, of seven bytes at least.
      assert.ok(rounds <= batches + (batches * (1 << 16)) / 7, 'endless')
      const piece = await reader.next(maxBytes)
      if (piece === null) break
      assert.equal(piece.firstOffset, position)
      assert.ok(piece.nextOffset > position)
      position = piece.nextOffset
      assert.equal(piece.ends.at(-1) ?? 0, piece.bytes.length)
      const { offsets } = piece
      assert.ok(
        offsets.every(
          (offset, i) => offset >= piece.firstOffset && offset < piece.nextOffset && offset > (offsets[i - 1] ?? -1),
        ),
      )
      assert.equal(plainRecords(piece).length, piece.count)
    }
    assert.equal(reader.position, reader.nextOffset)
  } catch (error) {
    assert.ok(error instanceof RecordBatchError, error instanceof Error ? error.stack : String(error))
    assert.match(error.message, /^FAILED: record batch at offset -?\d+ of readings-3: ./)
  }
}

const maxBytes = fc.constantFrom(1, 50, 1000)

test('random bytes', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300, size: 'max' }), maxBytes, async (array, max) => {
      const bytes = Buffer.from(array)
      await survives(bytes, max)
      if (bytes.length < 61) return
      // Past the first guards: a format and a size that are possible, and a checksum that is right.
      bytes.writeInt8(2, 16)
      bytes.writeInt32BE(bytes.length - 12, 8)
      bytes.writeInt32BE(bytes.readInt32BE(0) & 0x1f_ffff, 0)
      bytes.writeInt32BE(bytes.readInt32BE(23) & 0xff, 23)
      bytes.writeInt32BE(bytes.readInt32BE(57) & 0x0f, 57)
      await survives(sealed(bytes), max)
    }),
    { numRuns: 1000 },
  )
})

test('a few damaged bytes, with a checksum that is right', async () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 4 })
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...sources), damage, maxBytes, async (source, changes, max) => {
      const bytes = Buffer.from(source)
      for (const [at, byte] of changes) bytes.writeUInt8(byte, at % bytes.length)
      for (let at = 0; at + 61 <= bytes.length;) {
        const size = 12 + bytes.readInt32BE(at + 8)
        if (size < 61 || at + size > bytes.length) break
        sealed(bytes.subarray(at, at + size))
        at += size
      }
      await survives(bytes, max)
    }),
    { numRuns: 2000 },
  )
})

test('cut, doubled, and shuffled batches', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...sources),
      fc.array(fc.tuple(fc.nat(), fc.nat())),
      maxBytes,
      async (source, cuts, max) => {
        const parts = cuts.map(([from, to]) => source.subarray(from % source.length, to % source.length))
        await survives(Buffer.concat([source, ...parts, source]), max)
      },
    ),
    { numRuns: 300 },
  )
})
