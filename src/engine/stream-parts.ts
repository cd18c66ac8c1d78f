import type { FramingRules } from '../domain/stream/framing.ts'
import type { Protocol } from '../domain/stream/settings.ts'
import type { Millis } from '../domain/time.ts'
import type { EventRing } from './event-ring.ts'
import type { OutputEncoding } from './output-encoding.ts'
import type { Activity, Clock, DeadLetterSink, RecordSink, RecordSource } from './ports.ts'

/** What a run document may exchange while the child lives on. */
export interface StreamSides {
  readonly source: RecordSource
  readonly sink: RecordSink
  readonly letters: DeadLetterSink
  readonly encoding: OutputEncoding
  readonly protocol: Protocol
  readonly topics: readonly string[]
  readonly outputTopic: string | null
}

export interface StreamParts {
  readonly namespec: string
  readonly clock: Clock
  readonly events: EventRing
  readonly activity: (pid: number) => Activity
  readonly maxLine: number
  readonly bufferBytes: number
  readonly checkpointIntervalMs: Millis
  /** How long partitions that are taken away may be drained. */
  readonly adoptionGraceMs: Millis
  readonly newlines: FramingRules['newlines']
  /** Unwrap our own dataframes, so that Calculators chain. */
  readonly unwrap: boolean
  /** False for local streams: what a dead child did not answer cannot be read again. */
  readonly replayable: boolean
  /** The first answered record of an incarnation. */
  readonly progressed: () => void
  /** The child broke its protocol: it must be killed, whatever is unanswered is replayed. */
  readonly broken: (pid: number) => void
  /** The output is gone for good. */
  readonly failed: (error: unknown) => void
}
