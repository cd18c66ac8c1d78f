import type { TopicPartition } from '../../domain/stream/line-batch.ts'
import { bytes, FieldReader, int16, partitions } from './fields.ts'

/** All versions so far are alike (Kafka: ConsumerProtocolAssignment.json); the oldest is known to everybody. */
const VERSION = 0

/** What the leader has for one member. */
export const encodeAssignment = (topics: ReadonlyMap<string, readonly number[]>): Buffer =>
  Buffer.concat([int16(VERSION), partitions(topics), bytes(Buffer.alloc(0))])

/** Of any version. A leader that has nothing for a member may send no bytes. Throws AgentError FAILED. */
export function decodeAssignment(encoded: Uint8Array): TopicPartition[] {
  if (encoded.length === 0) return []
  const from = new FieldReader(encoded)
  from.int16()
  return from.partitions()
}
