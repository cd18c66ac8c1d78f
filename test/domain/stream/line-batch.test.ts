import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { heldBytes, sliceBatch } from '../../../src/domain/stream/line-batch.ts'
import { lineAt } from '../../../src/domain/stream/lines.ts'
import { batchOf, valuesOf } from './batches.ts'

test('slices of a batch hold its records, each once, and share its range of offsets between them', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 4 }), { minLength: 1, maxLength: 12 }),
      fc.array(fc.nat(11)),
      (texts, cuts) => {
        const batch = { ...batchOf(texts.map((text) => Buffer.from(text.replaceAll('\n', '')))), besides: 20 }
        const bounds = [...new Set([0, ...cuts.filter((cut) => cut < batch.count), batch.count])].sort((a, b) => a - b)
        const slices = bounds.slice(1).map((to, i) => sliceBatch(batch, bounds[i] ?? 0, to))
        assert.deepEqual(slices.flatMap(valuesOf), valuesOf(batch))
        assert.equal(slices[0]?.firstOffset, batch.firstOffset)
        assert.equal(slices.at(-1)?.nextOffset, batch.nextOffset)
        slices.reduce((next, slice) => (assert.equal(slice.firstOffset, next), slice.nextOffset), batch.firstOffset)
        assert.deepEqual(
          slices.flatMap((slice) => [...slice.offsets]),
          [...batch.offsets],
        )
        assert.equal(heldBytes(batch), batch.bytes.length + 20 * batch.count)
        assert.equal(
          slices.reduce((sum, slice) => sum + heldBytes(slice), 0),
          heldBytes(batch),
        )
        let record = 0
        for (const slice of slices) {
          for (let i = 0; i < slice.count; i++, record++) {
            assert.deepEqual(lineAt(slice, i), lineAt(batch, record))
            assert.equal(slice.context.timestamp(i), batch.context.timestamp(record))
          }
        }
      },
    ),
  )
})
