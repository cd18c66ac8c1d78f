import type { Millis } from '../time.ts'
import { sliceLines, startOfLine } from './lines.ts'

export interface TopicPartition {
  readonly topic: string
  readonly partition: number
}

/** `topic/partition`: as a key, and for people. */
export const nameOf = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`

/** A Kafka header list: one name may occur more than once. */
export type Headers = readonly (readonly [name: string, value: Uint8Array | null])[]

/** What a record has besides its value; asked for only by protocols and dead letters that need it. */
export interface RecordContext {
  /** False when no record of the batch has a header, so that nothing needs to look at each of them. */
  readonly hasHeaders: boolean
  key(index: number): Uint8Array | null
  headers(index: number): Headers
  /** Kafka timestamp, ms since the epoch. */
  timestamp(index: number): Millis
}

/**
 * Records of one partition as lines: the unit of every port. Line `i` is `bytes[i === 0 ? 0 : ends[i - 1], ends[i])`
 * and includes the newline that ends it. Tombstones have no line: they are only counted, and covered by the range
 * [firstOffset, nextOffset), which is the batch's share of the partition.
 */
export interface LineBatch extends TopicPartition {
  /** Raised by the consumer at each rewind and by the source at each assignment; older batches are void. */
  readonly epoch: number
  readonly firstOffset: number
  readonly nextOffset: number
  readonly count: number
  readonly bytes: Uint8Array
  readonly ends: Uint32Array
  /** Offset of each line; strictly rising. */
  readonly offsets: Float64Array
  readonly tombstones: number
  readonly context: RecordContext
  /** Bytes that it holds for each record besides its line (index, key, headers), on average. */
  readonly besides: number
  /** How often the Calculator has refused it, of one record that is handed over once more; else absent. */
  readonly refused?: number
  /**
   * Takes the memory of the lines and their index back, where it serves again. May be called, once, by whoever is known
   * to be the last to look at any of it; never called, the memory is collected as any other.
   */
  readonly recycle?: () => void
}

/** The offset just past record `index` and past the tombstones that follow it. */
export const offsetAfter = (batch: LineBatch, index: number): number => batch.offsets[index + 1] ?? batch.nextOffset

/** Bytes of memory that records [from, to) take up. */
export const heldBytes = (batch: LineBatch, from = 0, to = batch.count): number =>
  to <= from ? 0 : (batch.ends[to - 1] ?? 0) - startOfLine(batch, from) + (to - from) * batch.besides

/** Records [from, to) as a batch of their own, without copying their bytes; the tombstones are counted with the first. */
export function sliceBatch(batch: LineBatch, from: number, to: number): LineBatch {
  const { context } = batch
  return {
    topic: batch.topic,
    partition: batch.partition,
    epoch: batch.epoch,
    firstOffset: from === 0 ? batch.firstOffset : (batch.offsets[from] ?? batch.nextOffset),
    nextOffset: to === 0 ? batch.firstOffset : offsetAfter(batch, to - 1),
    ...sliceLines(batch, from, to),
    offsets: batch.offsets.subarray(from, to),
    tombstones: from === 0 ? batch.tombstones : 0,
    besides: batch.besides,
    context: {
      hasHeaders: context.hasHeaders,
      key: (index) => context.key(from + index),
      headers: (index) => context.headers(from + index),
      timestamp: (index) => context.timestamp(from + index),
    },
  }
}

/**
 * The same share of the partition with other lines, of which line `i` is of record `origins[i]` of the batch; null: there
 * is one for each record.
 */
export function relined(
  batch: LineBatch,
  { bytes, ends }: Pick<LineBatch, 'bytes' | 'ends'>,
  origins: readonly number[] | Uint32Array | null,
): LineBatch {
  const { topic, partition, epoch, firstOffset, nextOffset, tombstones, offsets, context } = batch
  const share = { topic, partition, epoch, firstOffset, nextOffset, tombstones, besides: batch.besides }
  const count = ends.length
  if (origins === null) return { ...share, count, bytes, ends, offsets, context }
  return {
    ...share,
    count,
    bytes,
    ends,
    offsets: Float64Array.from(origins, (origin) => offsets[origin] ?? 0),
    context: {
      hasHeaders: context.hasHeaders,
      key: (index) => context.key(origins[index] ?? 0),
      headers: (index) => context.headers(origins[index] ?? 0),
      timestamp: (index) => context.timestamp(origins[index] ?? 0),
    },
  }
}
