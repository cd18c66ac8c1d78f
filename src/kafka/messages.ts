import type { IHeaders, Message } from 'kafkajs'
import type { Headers } from '../domain/stream/line-batch.ts'
import type { ValueBatch } from '../domain/stream/value-batch.ts'

/** kafkajs copies its list of messages once per message: beyond 500 a send gets slower with the square. */
const MAX_MESSAGES = 500
/** Half of a broker's default message.max.bytes, so that a piece is rarely refused for its size as a whole. */
const MAX_BYTES = 512 * 1024

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)

/** Ranges [from, to) of the batch that are sent at once; a value beyond the limit is alone. */
export function* pieces(batch: Pick<ValueBatch, 'count' | 'starts' | 'ends'>): Generator<[from: number, to: number]> {
  let from = 0
  let bytes = 0
  for (let index = 0; index < batch.count; index++) {
    const size = (batch.ends[index] ?? 0) - (batch.starts[index] ?? 0)
    if (index > from && (bytes + size > MAX_BYTES || index - from >= MAX_MESSAGES)) {
      yield [from, index]
      from = index
      bytes = 0
    }
    bytes += size
  }
  if (batch.count > from) yield [from, batch.count]
}

export function toMessages(batch: ValueBatch, from: number, to: number, partition: number): Message[] {
  const { context, bytes, starts, ends } = batch
  return Array.from({ length: to - from }, (_, at) => {
    const index = from + at
    return {
      ...toMessage(context.key(index), bytes.subarray(starts[index], ends[index]), context.headers(index)),
      partition,
      timestamp: String(context.timestamp(index)),
    }
  })
}

/** A header without value becomes an empty one: kafkajs cannot write null. */
export function toMessage(key: Uint8Array | null, value: Uint8Array, headers: Headers): Message {
  const message: Message = { key: key && asBuffer(key), value: asBuffer(value) }
  if (headers.length === 0) return message
  const byName = Object.create(null) as IHeaders
  for (const [name, bytes] of headers) {
    const buffer = asBuffer(bytes ?? new Uint8Array())
    const known = byName[name]
    byName[name] = known === undefined ? buffer : [known, buffer].flat()
  }
  return { ...message, headers: byName }
}
