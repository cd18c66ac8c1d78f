import type { TopicPartition } from '../../domain/stream/line-batch.ts'
import { RequestWriter } from './request-writer.ts'
import { ResponseReader } from './response-reader.ts'

/** All versions so far are alike (Kafka: ConsumerProtocolAssignment.json); the oldest is known to everybody. */
const VERSION = 0
const NO_USER_DATA = new Uint8Array()

/** What the leader has for one member. */
export function encodeAssignment(topics: ReadonlyMap<string, readonly number[]>): Buffer {
  const to = new RequestWriter().int16(VERSION)
  writePartitions(to, topics)
  return Buffer.concat(to.bytes(NO_USER_DATA).pieces())
}

/** Of any version. A leader that has nothing for a member may send no bytes. Throws AgentError FAILED. */
export function decodeAssignment(encoded: Uint8Array): TopicPartition[] {
  if (encoded.length === 0) return []
  const from = new ResponseReader(encoded, 'an assignment')
  from.int16()
  return readPartitions(from)
}

/** Partitions by topic, as all of the consumer protocol has them. */
export function writePartitions(to: RequestWriter, topics: ReadonlyMap<string, readonly number[]>): void {
  to.array([...topics], ([topic, list]) => to.string(topic).array(list, (partition) => to.int32(partition)))
}

/** What writePartitions wrote. */
export const readPartitions = (from: ResponseReader): TopicPartition[] =>
  from
    .array(() => {
      const topic = from.string()
      return from.array(() => ({ topic, partition: from.int32() }))
    })
    .flat()
