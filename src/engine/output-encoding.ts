// From lines to records: dataframe or raw bytes, the partition of each, and what is carried over from the input.
import type { AnswerRun } from '../domain/stream/fifo.ts'
import type { Headers, LineBatch } from '../domain/stream/line-batch.ts'
import { concatLines, lineAt, sliceLines, withoutEmpty, type Lines } from '../domain/stream/lines.ts'
import { partitionForKey, StickyPartition } from '../domain/stream/output-partition.ts'
import type { DeadLetter, Refusal, ValueBatch } from '../domain/stream/value-batch.ts'
import type { Millis } from '../domain/time.ts'
import { DATAFRAME_CONTENT_TYPE, DataframeEncoder, type DataframeStamp, type EncodedLines } from '../wire/dataframe.ts'
import { outputLetter } from './letters.ts'
import type { Outgoing } from './output-pump.ts'
import type { Clock, RecordSink } from './ports.ts'

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
  /** The input record that value `index` answers; null in relay. */
  answered(index: number): Answered | null
}

export interface PreparedOutput {
  readonly batches: readonly PreparedBatch[]
  /** Lines that cannot be sent as they should. */
  readonly letters: readonly DeadLetter[]
}

const CONTENT_TYPE = 'content-type'

export class OutputEncoding {
  readonly #rules: OutputRules
  readonly #clock: Clock
  readonly #dataframes: DataframeEncoder
  readonly #sticky = new StickyPartition()
  readonly #headers: Headers

  constructor(rules: OutputRules, clock: Clock) {
    this.#rules = rules
    this.#clock = clock
    this.#dataframes = new DataframeEncoder({ source: rules.source, json: rules.json })
    this.#headers =
      rules.format === 'dataframe' ? [[CONTENT_TYPE, new TextEncoder().encode(DATAFRAME_CONTENT_TYPE)]] : []
  }

  /** Encodes neighbouring items; waits until the output topic is known. */
  async prepare(items: readonly Outgoing[], sink: RecordSink): Promise<PreparedOutput> {
    const partitions = await sink.partitions()
    const batches: PreparedBatch[] = []
    const letters: DeadLetter[] = []
    for (const item of joined(items)) {
      if (item.answers) {
        for (const { run, lines } of perRun(item.lines, item.answers)) {
          if (!run.orphan) this.#answers(run, lines, partitions, batches, letters)
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
    const { encoded, lineOf } = this.#encode(item.lines, {
      idPrefix: `${this.#rules.instanceId}-${item.incarnation}-`,
      number: (index) => item.sequence + index,
      time: () => now,
    })
    for (const line of encoded.rejected)
      letters.push(outputLetter(lineAt(item.lines, lineOf(line)), 'not-json', {}, null))
    if (encoded.count === 0) return
    const context = { uniform: null, key: () => null, headers: () => this.#headers, timestamp: () => now }
    batches.push({ ...encoded, partition: this.#sticky.next(partitions), context, answered: () => null })
  }

  #answers(run: AnswerRun, lines: Lines, partitions: number, batches: PreparedBatch[], letters: DeadLetter[]): void {
    const { batch, from } = run
    const { encoded, lineOf } = this.#encode(lines, {
      idPrefix: `${batch.topic}-${batch.partition}-`,
      number: (index) => batch.offsets[from + index] ?? 0,
      time: (index) => batch.context.timestamp(from + index),
    })
    const answered = (index: number): Answered => ({ batch, index: from + lineOf(encoded.lines[index] ?? 0) })
    for (const line of encoded.rejected) {
      const index = from + lineOf(line)
      letters.push(outputLetter(lineAt(lines, lineOf(line)), 'not-json', {}, { batch, index }))
    }
    const { context } = batch
    const unkeyed = this.#rules.partition === 'sticky' ? this.#sticky.next(partitions) : batch.partition % partitions
    const byPartition = new Map<number, number[]>()
    for (let i = 0; i < encoded.count; i++) {
      const partition = this.#partitionOf(context.key(answered(i).index), unkeyed, partitions)
      const values = byPartition.get(partition)
      if (values) values.push(i)
      else byPartition.set(partition, [i])
    }
    for (const [partition, values] of byPartition) {
      const input = (index: number): number => answered(values[index] ?? 0).index
      batches.push({
        partition,
        count: values.length,
        bytes: encoded.bytes,
        starts: Uint32Array.from(values, (i) => encoded.starts[i] ?? 0),
        ends: Uint32Array.from(values, (i) => encoded.ends[i] ?? 0),
        context: {
          uniform: null,
          key: (index) => context.key(input(index)),
          headers: (index) => this.#carriedOver(context.headers(input(index))),
          timestamp: (index) => context.timestamp(input(index)),
        },
        answered: (index) => answered(values[index] ?? 0),
      })
    }
  }

  /** Indices in the result count the lines that were encoded; `lineOf` leads back to the lines as they came. */
  #encode(lines: Lines, stamp: DataframeStamp): { encoded: EncodedLines; lineOf: (index: number) => number } {
    const kept = this.#rules.dropEmpty ? withoutEmpty(lines) : null
    const lineOf = kept ? (index: number): number => kept.origins[index] ?? 0 : (index: number): number => index
    const encoding = kept ?? lines
    if (this.#rules.format === 'raw') return { encoded: rawValues(encoding), lineOf }
    const shifted: DataframeStamp = {
      idPrefix: stamp.idPrefix,
      number: (index) => stamp.number(lineOf(index)),
      time: (index): Millis => stamp.time(lineOf(index)),
    }
    return { encoded: this.#dataframes.encode(encoding, shifted), lineOf }
  }

  #partitionOf(key: Uint8Array | null, unkeyed: number, count: number): number {
    const rule = this.#rules.partition
    return key !== null && (rule === null || rule === 'key') ? partitionForKey(key, count) : unkeyed
  }

  /** The answer keeps the record's headers; what they said of the value's form no longer holds. */
  #carriedOver(headers: Headers): Headers {
    const kept = headers.filter(([name]) => name.toLowerCase() !== CONTENT_TYPE)
    return [...kept, ...this.#headers]
  }
}

/** Neighbouring items of relay that continue each other, as one: fewer and larger batches. */
function joined(items: readonly Outgoing[]): Outgoing[] {
  const groups: Outgoing[][] = []
  for (const item of items) {
    const group = groups[groups.length - 1]
    const last = group?.[group.length - 1]
    const continues = last?.incarnation === item.incarnation && last.sequence + last.lines.count === item.sequence
    if (group && last && continues && !last.answers && !item.answers) group.push(item)
    else groups.push([item])
  }
  return groups.flatMap((group) => {
    const [first] = group
    return first ? [group.length === 1 ? first : { ...first, lines: concatLines(group.map(({ lines }) => lines)) }] : []
  })
}

/** The lines that answer each run. */
function* perRun(lines: Lines, answers: readonly AnswerRun[]): Generator<{ run: AnswerRun; lines: Lines }> {
  let from = 0
  for (const run of answers) {
    const to = from + run.to - run.from
    yield { run, lines: sliceLines(lines, from, to) }
    from = to
  }
}

function rawValues(lines: Lines): EncodedLines {
  const { count, ends, bytes } = lines
  const starts = new Uint32Array(count)
  starts.set(ends.subarray(0, Math.max(0, count - 1)), 1)
  return { count, bytes, starts, ends: ends.map((end) => end - 1), lines: Uint32Array.from(ends.keys()), rejected: [] }
}
