// Values on their way to a topic.
import type { Headers } from '../../src/domain/stream/line-batch.ts'
import type { ValueBatch } from '../../src/domain/stream/value-batch.ts'

export interface Value {
  readonly value: Buffer | string
  readonly key?: string
  readonly headers?: Headers
  readonly timestamp?: number
}

export function batchOf(partition: number, values: readonly Value[]): ValueBatch {
  const buffers = values.map(({ value }) => Buffer.from(value))
  const starts = new Uint32Array(values.length)
  const ends = new Uint32Array(values.length)
  let end = 0
  buffers.forEach((buffer, i) => {
    starts[i] = end
    end += buffer.length
    ends[i] = end
  })
  return {
    partition,
    count: values.length,
    bytes: Buffer.concat(buffers),
    starts,
    ends,
    context: {
      uniform: null,
      key: (i) => (values[i]?.key === undefined ? null : Buffer.from(values[i].key)),
      headers: (i) => values[i]?.headers ?? [],
      timestamp: (i) => values[i]?.timestamp ?? 1_700_000_000_000,
    },
  }
}
