import type { Batch, KafkaMessage } from 'kafkajs'
import type { Headers, LineBatch, RecordContext } from '../domain/stream/line-batch.ts'

const NEWLINE = 10

/**
 * The records of one fetch as lines. Values, keys and headers are copied: a view would keep the whole response of the
 * broker alive. kafkajs turns header names into text and sorts the values of one name together; a null stays null.
 */
export function toLineBatch(batch: Batch, epoch: number): LineBatch {
  const kept = batch.messages.filter(({ value }) => value !== null)
  const ends = new Uint32Array(kept.length)
  const offsets = new Float64Array(kept.length)
  const bytes = Buffer.allocUnsafeSlow(kept.reduce((sum, { value }) => sum + (value?.length ?? 0) + 1, 0))
  let end = 0
  kept.forEach(({ value, offset }, index) => {
    if (value) end += value.copy(bytes, end)
    bytes[end++] = NEWLINE
    ends[index] = end
    offsets[index] = Number(offset)
  })
  return {
    topic: batch.topic,
    partition: batch.partition,
    epoch,
    firstOffset: Number(batch.firstOffset() ?? batch.lastOffset()),
    nextOffset: Number(batch.lastOffset()) + 1,
    count: kept.length,
    bytes,
    ends,
    offsets,
    tombstones: batch.messages.length - kept.length,
    context: contextOf(kept),
  }
}

function contextOf(messages: readonly KafkaMessage[]): RecordContext {
  const timestamps = Float64Array.from(messages, ({ timestamp }) => Number(timestamp))
  const keys = messages.some(({ key }) => key !== null) ? messages.map(({ key }) => key && Buffer.from(key)) : null
  const all = messages.map(headersOf)
  const headers = all.some(({ length }) => length > 0) ? all : null
  return {
    hasHeaders: headers !== null,
    key: (index) => keys?.[index] ?? null,
    headers: (index) => headers?.[index] ?? [],
    timestamp: (index) => timestamps[index] ?? 0,
  }
}

const none: Headers = []

/** kafkajs puts what an object inherits beside the value of a header called, say, `constructor`: only bytes are kept. */
function headersOf({ headers }: KafkaMessage): Headers {
  if (!headers) return none
  const names = Object.keys(headers)
  if (names.length === 0) return none
  return names.flatMap((name) =>
    [headers[name] ?? null]
      .flat()
      .filter((value) => value === null || Buffer.isBuffer(value))
      .map((value) => [name, value && Buffer.from(value)] as const),
  )
}
