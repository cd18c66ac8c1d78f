import type { Compression } from '../../wire/record-batch/compression.ts'
import type { BufferPool } from '../../wire/buffer-pool.ts'
import { RecordsWriter } from '../../wire/record-batch/records-writer.ts'
import type { ProducerIdentity } from '../protocol/init-producer-id.ts'
import type { Part } from './partition-queue.ts'

/** Makes one record batch of the parts, in order, with `sequence` as the first record's sequence number. Its memory may be from a pool. */
export type RecordEncoder = (
  parts: readonly Part[],
  identity: ProducerIdentity,
  sequence: number,
) => Promise<Uint8Array>

/** Lengths and deltas of a record may take so many bytes more than its part reckons with. */
const SPARE_PER_RECORD = 8

/** Encodes parts of writes as one record batch; `pool` null: in memory of its own. */
export const recordEncoder =
  (compression: Compression, pool: BufferPool | null = null, transactional = false): RecordEncoder =>
  (parts, { id, epoch }, sequence) => {
    const writer = new RecordsWriter(pool)
    writer.expect(parts.reduce((sum, { from, to, bytes }) => sum + bytes + SPARE_PER_RECORD * (to - from), 0))
    for (const { write, from, to } of parts) writer.add(write.batch, from, to)
    const stamp = { producerId: id, producerEpoch: epoch, baseSequence: sequence }
    return writer.encode({ ...stamp, transactional, compression })
  }
