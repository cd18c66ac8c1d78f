import type { Headers, LineBatch } from '../../../src/domain/stream/line-batch.ts'
import { lineAt } from '../../../src/domain/stream/lines.ts'

/** A batch of these values, from offset 100 on; every third offset does not exist. */
export function batchOf(
  values: readonly Uint8Array[],
  headers: readonly Headers[] = [],
  place = { topic: 'readings', partition: 0 },
): LineBatch {
  const offsets = Float64Array.from(values, (_, i) => 100 + i + Math.floor(i / 2))
  let end = 0
  return {
    ...place,
    epoch: 1,
    firstOffset: 100,
    nextOffset: (offsets.at(-1) ?? 99) + 1,
    count: values.length,
    bytes: Buffer.concat(values.flatMap((value) => [value, Buffer.from('\n')])),
    ends: Uint32Array.from(values, (value) => (end += value.length + 1)),
    offsets,
    tombstones: 0,
    besides: 0,
    context: {
      hasHeaders: headers.length > 0,
      key: (index) => Buffer.from(`key ${index}`),
      headers: (index) => headers[index] ?? [],
      timestamp: (index) => 1000 + index,
    },
  }
}

export const valuesOf = (batch: LineBatch): string[] =>
  Array.from({ length: batch.count }, (_, i) => Buffer.from(lineAt(batch, i)).toString('latin1'))
