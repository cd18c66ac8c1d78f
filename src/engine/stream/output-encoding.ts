import { recordOf, type Attribution } from '../../domain/stream/attribution.ts'
import type { Headers, LineBatch } from '../../domain/stream/line-batch.ts'
import { lineAt, withoutEmpty, type Lines } from '../../domain/stream/lines.ts'
import { partitionForKey, StickyPartition } from '../../domain/stream/output-partition.ts'
import { recordIdPrefix } from '../../domain/stream/record-id.ts'
import type { DeadLetter, Refusal, ValueBatch } from '../../domain/stream/value-batch.ts'
import type { Millis } from '../../domain/time.ts'
import {
  DATAFRAME_CONTENT_TYPE,
  DataframeEncoder,
  type DataframeStamp,
  type EncodedLines,
} from '../../wire/dataframe.ts'
import { BufferPool } from '../../wire/buffer-pool.ts'
import { ValueIndex } from '../../wire/value-index.ts'
import { AnswerContext, CONTENT_TYPE } from './answer-context.ts'
import { outputLetter } from './letters.ts'
import { perAttribution, type Outgoing } from './outgoing.ts'
import type { Clock, RecordSink } from '../ports.ts'

export interface OutputRules {
  readonly format: 'dataframe' | 'raw'
  readonly json: boolean
  /** null: by key where there is one, else `same` in one-to-one and `sticky` in relay. */
  readonly partition: 'key' | 'same' | 'sticky' | null
  readonly dropEmpty: boolean
  /** CloudEvents source: `/<service name>/<INSTANCE_ID>`. */
  readonly source: string
  readonly instanceId: string
}

interface Answered {
  readonly batch: LineBatch
  readonly index: number
}

export interface PreparedBatch extends ValueBatch {
  /** Bytes of all values together. */
  readonly valueBytes: number
  /** Gives the memory of the values back. For whoever is the last to look at them. */
  readonly recycle?: () => void
  /** The input record that value `index` answers; null in relay. */
  answered(index: number): Answered | null
}

export interface PreparedOutput {
  readonly batches: readonly PreparedBatch[]
  /** Lines that cannot be sent as they should. */
  readonly letters: readonly DeadLetter[]
}

/** Memory of values and of their places that may lie unused: all that an output under way uses at once. */
const POOL_BYTES = 8 * 1024 * 1024

/** From lines to records: dataframe or raw bytes, the partition of each, and what is carried over from the input. */
export class OutputEncoding {
  readonly #rules: OutputRules
  readonly #clock: Clock
  readonly #dataframes: DataframeEncoder
  readonly #sticky = new StickyPartition()
  readonly #headers: Headers
  readonly #pool: BufferPool

  constructor(rules: OutputRules, clock: Clock, pool = new BufferPool(POOL_BYTES)) {
    this.#rules = rules
    this.#clock = clock
    this.#pool = pool
    this.#dataframes = new DataframeEncoder({ source: rules.source, json: rules.json }, pool)
    this.#headers =
      rules.format === 'dataframe' ? [[CONTENT_TYPE, new TextEncoder().encode(DATAFRAME_CONTENT_TYPE)]] : []
  }

  /** The same for one of several workers, whose records are to have ids of their own. */
  ofWorker(worker: number): OutputEncoding {
    const instanceId = `${this.#rules.instanceId}.${worker}`
    return new OutputEncoding({ ...this.#rules, instanceId }, this.#clock, this.#pool)
  }

  /** Encodes items in their order; waits until the output topic is known. */
  async prepare(items: readonly Outgoing[], sink: RecordSink): Promise<PreparedOutput> {
    const partitions = await sink.partitions()
    const batches: PreparedBatch[] = []
    const letters: DeadLetter[] = []
    for (const item of items) {
      if (item.attributions) {
        for (const { attribution, lines } of perAttribution(item.lines, item.attributions)) {
          if (!attribution.orphan) this.#answers(attribution, lines, partitions, batches, letters)
        }
      } else {
        this.#relayed(item, partitions, batches, letters)
      }
    }
    return { batches, letters }
  }

  /** The letter for a value that the broker refused: what was to be sent, cut to its first KiB. */
  refusedLetter(batch: PreparedBatch, { index, reason }: Refusal): DeadLetter {
    const value = batch.bytes.subarray(batch.starts[index], batch.ends[index])
    return outputLetter(value.subarray(0, 1024), reason, { length: String(value.length) }, batch.answered(index))
  }

  #relayed(item: Outgoing, partitions: number, batches: PreparedBatch[], letters: DeadLetter[]): void {
    const now = this.#clock.wall()
    const { encoded, origins } = this.#encode(item.lines, {
      idPrefix: `${this.#rules.instanceId}-${item.incarnation}-`,
      number: (index) => item.sequence + index,
      ordinal: null,
      time: () => now,
    })
    for (const line of encoded.rejected)
      letters.push(outputLetter(lineAt(item.lines, origins?.[line] ?? line), 'not-json', {}, null))
    if (encoded.count === 0) return
    const uniform = { headers: this.#headers, timestamp: now }
    const context = { uniform, key: () => null, headers: () => this.#headers, timestamp: () => now }
    batches.push({ ...encoded, partition: this.#sticky.next(partitions), context, answered: () => null })
  }

  #answers(
    attribution: Attribution,
    lines: Lines,
    partitions: number,
    batches: PreparedBatch[],
    letters: DeadLetter[],
  ): void {
    const { batch, from, mapped } = attribution
    const record = (index: number): number => recordOf(attribution, index)
    const { encoded, origins } = this.#encode(lines, {
      idPrefix: recordIdPrefix(batch),
      number: (index) => batch.offsets[record(index)] ?? 0,
      ordinal: mapped && ((index) => mapped.ordinals[index] ?? 0),
      time: (index) => batch.context.timestamp(record(index)),
    })
    for (const line of encoded.rejected) {
      const index = origins?.[line] ?? line
      letters.push(outputLetter(lineAt(lines, index), 'not-json', {}, { batch, index: record(index) }))
    }
    if (encoded.count === 0) return
    const records = recordsOf(attribution, encoded, origins)
    const context = new AnswerContext(batch, from, records, encoded.count, this.#headers)
    const unkeyed = this.#rules.partition === 'sticky' ? this.#sticky.next(partitions) : batch.partition % partitions
    const answered = (index: number): Answered => ({ batch, index: context.record(index) })
    const byKey = this.#rules.partition === null || this.#rules.partition === 'key'
    if (byKey && partitions > 1 && context.isKeyed) {
      const partitionOf = (index: number): number => {
        const key = context.key(index)
        return key === null ? unkeyed : partitionForKey(key, partitions)
      }
      for (const [partition, values] of grouped(encoded.count, partitionOf)) {
        batches.push(this.#part(batch, encoded, context, partition, values))
      }
    } else {
      batches.push({ ...encoded, partition: unkeyed, context, answered })
    }
  }

  /** Those values that go to one partition. */
  #part(
    batch: LineBatch,
    { bytes, starts, ends }: EncodedLines,
    whole: AnswerContext,
    partition: number,
    values: readonly number[],
  ): PreparedBatch {
    const count = values.length
    const records = Uint32Array.from(values, (index) => whole.record(index))
    const context = new AnswerContext(batch, 0, records, count, this.#headers)
    const valueBytes = values.reduce((sum, index) => sum + (ends[index] ?? 0) - (starts[index] ?? 0), 0)
    return {
      partition,
      count,
      bytes,
      starts: Uint32Array.from(values, (index) => starts[index] ?? 0),
      ends: Uint32Array.from(values, (index) => ends[index] ?? 0),
      valueBytes,
      context,
      answered: (index) => ({ batch, index: context.record(index) }),
    }
  }

  /** Indices in the result count the lines that were encoded; `origins` leads back to the lines as they came. */
  #encode(lines: Lines, stamp: DataframeStamp): { encoded: EncodedLines; origins: Uint32Array | null } {
    const kept = this.#rules.dropEmpty ? withoutEmpty(lines) : null
    const encoding = kept ?? lines
    if (this.#rules.format === 'raw')
      return { encoded: rawValues(encoding, this.#pool), origins: kept?.origins ?? null }
    if (!kept) return { encoded: this.#dataframes.encode(lines, stamp), origins: null }
    const { origins } = kept
    const { ordinal } = stamp
    const shifted: DataframeStamp = {
      idPrefix: stamp.idPrefix,
      number: (index) => stamp.number(origins[index] ?? 0),
      ordinal: ordinal && ((index) => ordinal(origins[index] ?? 0)),
      time: (index): Millis => stamp.time(origins[index] ?? 0),
    }
    return { encoded: this.#dataframes.encode(encoding, shifted), origins }
  }
}

/** Index of the record behind each value; null where that is `from` and the records after it. */
function recordsOf(
  attribution: Attribution,
  { count, lines }: EncodedLines,
  origins: Uint32Array | null,
): Uint32Array | null {
  if (lines === null && origins === null) return attribution.mapped?.records ?? null
  const records = new Uint32Array(count)
  for (let i = 0; i < count; i++) {
    const line = lines?.[i] ?? i
    records[i] = recordOf(attribution, origins?.[line] ?? line)
  }
  return records
}

/** Values by partition, each list in order. */
function grouped(count: number, partitionOf: (index: number) => number): Map<number, number[]> {
  const groups = new Map<number, number[]>()
  for (let index = 0; index < count; index++) {
    const partition = partitionOf(index)
    const group = groups.get(partition)
    if (group) group.push(index)
    else groups.set(partition, [index])
  }
  return groups
}

function rawValues({ count, ends: lineEnds, bytes }: Lines, pool: BufferPool): EncodedLines {
  const { starts, ends, recycle } = new ValueIndex(count, pool)
  for (let i = 0, start = 0; i < count; i++) {
    const end = lineEnds[i] ?? 0
    starts[i] = start
    ends[i] = end - 1
    start = end
  }
  return { count, bytes, starts, ends, lines: null, valueBytes: bytes.length - count, rejected: [], recycle }
}
