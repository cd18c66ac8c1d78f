import type { Span } from '../../domain/dead-letters/selection.ts'
import { AgentError } from '../../domain/errors.ts'
import { nameOf, type LineBatch } from '../../domain/stream/line-batch.ts'
import type { Millis } from '../../domain/time.ts'
import { RecordsReader } from '../../wire/record-batch/records-reader.ts'
import { BrokerError, LEADER_NOT_AVAILABLE, refuse } from '../broker-error.ts'
import type { KafkaCluster } from '../cluster.ts'
import { offsetsAt } from '../offset-lookup.ts'
import { fetch, NO_EPOCH, type FetchedPartition } from '../protocol/fetch.ts'
import { EARLIEST } from '../protocol/list-offsets.ts'
import type { Topics } from '../topics.ts'

export interface SpanReaderParts {
  readonly cluster: KafkaCluster
  readonly topics: Topics
  readonly topic: string
  /** Tries `attempt` as often as makes sense. */
  ask<T>(what: string, attempt: () => Promise<T>): Promise<T>
}

const FETCH_BYTES = 1024 * 1024
/** A larger record batch cannot be read: this is far more than brokers take. */
const MOST_BYTES = 64 * 1024 * 1024
const SLICE_BYTES = 256 * 1024
const MAX_WAIT: Millis = 500
const OFFSET_OUT_OF_RANGE = 1

/**
 * Committed records of one partition in slices, one request at a time. Records past the end of the span may come with
 * the last slice; what was deleted meanwhile is passed over.
 */
export async function* readSpan(parts: SpanReaderParts, { partition, from, to }: Span): AsyncGenerator<LineBatch> {
  const { cluster, topics, topic } = parts
  const place = { topic, partition }
  let maxBytes = FETCH_BYTES
  for (let position = from; position < to;) {
    const fetched = await parts.ask('cannot read', () => fetchOnce(parts, partition, position, maxBytes))
    if (fetched.error === OFFSET_OUT_OF_RANGE) {
      const starts = await parts.ask('cannot look at', () => offsetsAt(cluster, topics, [place], EARLIEST))
      const start = starts.get(nameOf(place)) ?? 0
      if (start <= position) throw new AgentError('FAILED', `offset ${position} of topic ${topic} is gone, try again`)
      position = start
      continue
    }
    const reader = new RecordsReader(fetched.records, {
      ...place,
      epoch: 0,
      fetchOffset: position,
      aborted: fetched.aborted,
      maxBatchBytes: MOST_BYTES,
    })
    if (reader.bytesNeeded > 0) {
      maxBytes = Math.min(MOST_BYTES, Math.max(reader.bytesNeeded, maxBytes * 2))
      continue
    }
    for (let batch = await reader.next(SLICE_BYTES); batch !== null; batch = await reader.next(SLICE_BYTES)) {
      yield batch
    }
    position = reader.nextOffset
  }
}

/** Rejects also where nothing came: before the end of the span there is something, soon. */
async function fetchOnce(
  { cluster, topics, topic }: SpanReaderParts,
  partition: number,
  offset: number,
  maxBytes: number,
): Promise<FetchedPartition> {
  const leader = topics.leaderOf({ topic, partition })
  if (!leader) throw topics.leaderProblem(topic)
  const { leaderEpoch } = leader
  const topicId = topics.find(topic)?.id ?? null
  const wanted = { topic, partition, topicId, leaderEpoch, offset, fetchedEpoch: NO_EPOCH, maxBytes }
  const limits = { maxWaitMs: MAX_WAIT, maxBytes }
  const answer = await cluster.send(leader.leader, (versions) => fetch([wanted], limits, versions))
  refuse(answer.error)
  const [found] = answer.partitions
  if (found?.error === OFFSET_OUT_OF_RANGE) return found
  refuse(found?.error ?? 0)
  if (!found || found.records.length === 0) throw new BrokerError(LEADER_NOT_AVAILABLE, 'no records came')
  return found
}
