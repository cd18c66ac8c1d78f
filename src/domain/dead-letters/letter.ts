// A dead letter as it lies in its topic, read back from its headers.
import type { Headers, LineBatch } from '../stream/line-batch.ts'
import { lineAt } from '../stream/lines.ts'
import type { Millis } from '../time.ts'

/** Where a record came from, as far as the letter says. */
export interface LetterSource {
  readonly topic: string
  readonly partition: number | null
  readonly offset: number | null
  /** Kafka timestamp of the record, ms since the epoch. */
  readonly timestamp: Millis | null
}

export interface Letter {
  /** Its place in the dead-letter topic. */
  readonly partition: number
  readonly offset: number
  /** When it was written, ms since the epoch. */
  readonly time: Millis
  readonly key: Uint8Array | null
  readonly value: Uint8Array
  /** Headers of the record itself, without `x-dlq-*`. */
  readonly headers: Headers
  /** `x-dlq-reason`; `unknown` for a record that has none, which somebody else has written. */
  readonly reason: string
  /** All other `x-dlq-<name>`, by name. */
  readonly facts: ReadonlyMap<string, string>
  readonly source: LetterSource | null
  /** Bytes that the value had before it was cut; null: it is whole. */
  readonly fullLength: number | null
}

const PREFIX = 'x-dlq-'
const NO_REASON = 'unknown'

/** The letter at `index` of what was read from a dead-letter topic. Its bytes are views. */
export function letterAt(batch: LineBatch, index: number): Letter {
  const { partition, context } = batch
  const headers = context.headers(index)
  const value = lineAt(batch, index)
  const facts = factsOf(headers)
  const reason = facts.get('reason') ?? NO_REASON
  facts.delete('reason')
  return {
    partition,
    offset: batch.offsets[index] ?? 0,
    time: context.timestamp(index),
    key: context.key(index),
    value,
    headers: headers.filter(([name]) => !name.startsWith(PREFIX)),
    reason,
    facts,
    source: sourceOf(facts),
    fullLength: fullLengthOf(facts, value.length),
  }
}

function factsOf(headers: Headers): Map<string, string> {
  const decoder = new TextDecoder()
  const facts = new Map<string, string>()
  for (const [name, value] of headers) {
    if (name.startsWith(PREFIX) && value) facts.set(name.slice(PREFIX.length), decoder.decode(value))
  }
  return facts
}

function sourceOf(facts: ReadonlyMap<string, string>): LetterSource | null {
  const topic = facts.get('topic')
  if (topic === undefined || topic === '') return null
  const [partition, offset, timestamp] = ['partition', 'offset', 'timestamp'].map((name) => whole(facts.get(name)))
  return { topic, partition: partition ?? null, offset: offset ?? null, timestamp: timestamp ?? null }
}

/** `truncated`: the letter was too large for its topic. `length`: of an answer of which only the beginning was kept. */
function fullLengthOf(facts: ReadonlyMap<string, string>, length: number): number | null {
  const said = Math.max(whole(facts.get('truncated')) ?? 0, whole(facts.get('length')) ?? 0)
  return said > length ? said : null
}

function whole(text: string | undefined): number | null {
  if (text === undefined || !/^\d{1,16}$/.test(text)) return null
  const value = Number(text)
  return Number.isSafeInteger(value) ? value : null
}
