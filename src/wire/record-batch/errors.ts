import { AgentError } from '../../domain/errors.ts'
import type { TopicPartition } from '../../domain/stream/line-batch.ts'

/** Where a batch lies. `baseOffset` is the offset of its first record. */
export interface BatchPlace extends TopicPartition {
  readonly baseOffset: number
}

/**
 * - `corrupt`: the bytes contradict themselves or their checksum;
 * - `unsupported`: a message format or compression that is not read here;
 * - `too-large`: decompressed it would exceed the limit.
 */
export type BatchFault = 'corrupt' | 'unsupported' | 'too-large'

/** A batch that cannot be read. Reading it again brings the same error, unless the bytes were damaged on the way. */
export class RecordBatchError extends AgentError {
  readonly fault: BatchFault
  readonly place: BatchPlace

  constructor(fault: BatchFault, place: BatchPlace, what: string, options?: ErrorOptions) {
    super('FAILED', `record batch at offset ${place.baseOffset} of ${place.topic}-${place.partition}: ${what}`, options)
    this.fault = fault
    this.place = place
  }
}

/** Thrown by a decompressor when its output would exceed the limit. */
export class TooLargeError extends RangeError {
  override readonly name = 'TooLargeError'
}
