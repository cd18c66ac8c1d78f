import type { Millis } from '../time.ts'
import type { Headers } from './line-batch.ts'

/**
 * Records on their way to the output topic. Value `i` is `bytes[starts[i], ends[i])`. All go to `partition`, in order.
 */
export interface ValueBatch {
  readonly partition: number
  readonly count: number
  readonly bytes: Uint8Array
  readonly starts: Uint32Array
  readonly ends: Uint32Array
  readonly context: OutputContext
}

/** Key, headers and time of each outgoing record. */
export interface OutputContext {
  /** Not null: no record has a key, and all have these headers and this timestamp. */
  readonly uniform: { readonly headers: Headers; readonly timestamp: Millis } | null
  key(index: number): Uint8Array | null
  headers(index: number): Headers
  timestamp(index: number): Millis
}

/** A value that the broker refuses for good, alone in its request. */
export interface Refusal {
  readonly index: number
  readonly reason: string
}

/** A record that cannot be delivered, with everything a person needs to understand and to replay it. */
export interface DeadLetter {
  readonly key: Uint8Array | null
  readonly value: Uint8Array
  readonly headers: Headers
  /** Short machine word: `not-json`, `raw-newline`, `oversized-line`, `MESSAGE_TOO_LARGE`, … */
  readonly reason: string
  /** Further facts, written as headers `x-dlq-<name>`. */
  readonly facts: Readonly<Record<string, string>>
}
