import type { DeadLetter, ValueBatch } from '../../domain/stream/value-batch.ts'
import type { Millis } from '../../domain/time.ts'

/** One record that is to be written; `timestamp` in ms since the epoch. */
export type KeyedValue = Pick<DeadLetter, 'key' | 'value' | 'headers'> & { readonly timestamp: Millis }

/** Records for one partition as a batch, their values one after the other in memory of its own. */
export function keyedValues(partition: number, records: readonly KeyedValue[]): ValueBatch {
  const starts = new Uint32Array(records.length)
  const ends = new Uint32Array(records.length)
  let end = 0
  records.forEach(({ value }, index) => {
    starts[index] = end
    end += value.length
    ends[index] = end
  })
  return {
    partition,
    count: records.length,
    bytes: Buffer.concat(records.map(({ value }) => value)),
    starts,
    ends,
    context: {
      uniform: null,
      key: (index) => records[index]?.key ?? null,
      headers: (index) => records[index]?.headers ?? [],
      timestamp: (index) => records[index]?.timestamp ?? 0,
    },
  }
}
