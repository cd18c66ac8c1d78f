// Fetch and Produce by hand over a socket, so that record bytes are seen as the broker has them. One partition, 0.
import { once } from 'node:events'
import { connect } from 'node:net'
import type { AbortedTransaction } from '../../src/wire/record-batch/aborted-transactions.ts'
import { brokerAddress } from '../support/kafka.ts'

const int8 = (value: number): Buffer => Buffer.from([value])
const int16 = (value: number): Buffer => sized(2, (buffer) => buffer.writeInt16BE(value))
const int32 = (value: number): Buffer => sized(4, (buffer) => buffer.writeInt32BE(value))
const int64 = (value: number): Buffer => sized(8, (buffer) => buffer.writeBigInt64BE(BigInt(value)))
const string = (text: string): Buffer => Buffer.concat([int16(Buffer.byteLength(text)), Buffer.from(text)])
const bytes = (buffer: Buffer): Buffer => Buffer.concat([int32(buffer.length), buffer])

function sized(length: number, write: (buffer: Buffer) => void): Buffer {
  const buffer = Buffer.alloc(length)
  write(buffer)
  return buffer
}

/** The response without its size and correlation id. */
async function ask(apiKey: number, version: number, ...fields: Buffer[]): Promise<Buffer> {
  const [host = '', port = ''] = brokerAddress().split(':')
  const socket = connect(Number(port), host)
  try {
    await once(socket, 'connect')
    socket.write(bytes(Buffer.concat([int16(apiKey), int16(version), int32(1), string('test'), ...fields])))
    const chunks: Buffer[] = []
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      const all = Buffer.concat(chunks)
      if (all.length >= 4 && all.length >= 4 + all.readInt32BE()) return all.subarray(8)
    }
    throw new Error('the broker hung up')
  } finally {
    socket.destroy()
  }
}

export interface Fetched {
  readonly records: Buffer
  readonly aborted: readonly AbortedTransaction[]
  /** Where a reader of this isolation has everything. */
  readonly end: number
}

export async function fetchRecords(
  topic: string,
  offset: number,
  isolation: 'read_committed' | 'read_uncommitted',
  maxBytes = 1 << 20,
): Promise<Fetched> {
  const limits = [int32(-1), int32(0), int32(0), int32(maxBytes), int8(isolation === 'read_committed' ? 1 : 0)]
  const partition = [int32(1), int32(0), int64(offset), int32(maxBytes)]
  const response = await ask(1, 4, ...limits, int32(1), string(topic), ...partition)
  // Throttle time, one topic by name, one partition with its number.
  let at = 4 + 4 + 2 + response.readInt16BE(8) + 4 + 4
  const error = response.readInt16BE(at)
  if (error !== 0) throw new Error(`fetch: error ${error}`)
  const [highWatermark, lastStable] = [2, 10].map((place) => Number(response.readBigInt64BE(at + place)))
  at += 18
  const aborted = Array.from({ length: Math.max(0, response.readInt32BE(at)) }, (_, i) => ({
    producerId: response.readBigInt64BE(at + 4 + i * 16),
    firstOffset: Number(response.readBigInt64BE(at + 12 + i * 16)),
  }))
  at += 4 + aborted.length * 16
  const size = Math.max(0, response.readInt32BE(at))
  const records = response.subarray(at + 4, at + 4 + size)
  return { records, aborted, end: (isolation === 'read_committed' ? lastStable : highWatermark) ?? 0 }
}

/** Resolves with the offset of the first record; throws for any error of the broker. Version 7 is the first with zstd. */
export async function produceRecords(topic: string, batch: Buffer): Promise<number> {
  const fields = [int16(-1), int16(-1), int32(30_000), int32(1), string(topic), int32(1), int32(0), bytes(batch)]
  const response = await ask(0, 7, ...fields)
  const at = 4 + 2 + response.readInt16BE(4) + 4 + 4
  const error = response.readInt16BE(at)
  if (error !== 0) throw new Error(`produce: error ${error}`)
  return Number(response.readBigInt64BE(at + 2))
}
