import type { FramingRules } from '../../domain/stream/framing.ts'
import type { Protocol } from '../../domain/stream/settings.ts'
import type { Millis } from '../../domain/time.ts'
import type { BlackBox } from './black-box.ts'
import type { ControlParts } from './control-desk.ts'
import type { EventRing } from '../event-ring.ts'
import type { OutputEncoding } from './output-encoding.ts'
import type { Activity, Clock, DeadLetterSink, RecordSink, RecordSource, Transactions } from '../ports.ts'

/** What a run document may exchange while the child lives on. */
export interface StreamSides {
  readonly source: RecordSource
  readonly sink: RecordSink
  readonly letters: DeadLetterSink
  /** What binds source, sink and letters with exactly-once; else null. */
  readonly transactions: Transactions | null
  readonly encoding: OutputEncoding
  readonly protocol: Protocol
  readonly topics: readonly string[]
  readonly outputTopic: string | null
  /** Where `letters` go; null where no topic names them. */
  readonly deadLetterTopic: string | null
  /** Answers stay the JSON they are (OUTPUT_JSON). */
  readonly json: boolean
}

/** What a stream keeps as long as it lives: its settings, and its ways to the rest of the agent. */
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
  /** Each record is handed over with what is known of it, as one JSON line (CALCULATOR_INPUT=dataframe). */
  readonly envelope: boolean
  /** Commit before the Calculator gets the records: none is ever handed over twice (DELIVERY=at-most-once). */
  readonly atMostOnce: boolean
  /** With exactly-once: a transaction that cannot be committed after so long is aborted; else null. */
  readonly transactionLimitMs: Millis | null
  /** Calculators that a record may kill before it is dead-lettered. */
  readonly attempts: () => number
  /** How long an answer may take before the Calculator counts as hung; null: for ever. */
  readonly answerTimeoutMs: Millis | null
  /** The Calculator's last stderr lines, oldest first. */
  readonly stderrTail: () => readonly string[]
  /** Out-of-memory kills in this container so far; null where that is not known. */
  readonly oomKills: () => number | null
  /** Lines of a Calculator whose stdout is log. */
  readonly logStdout: (pid: number, lines: Uint8Array) => void
  /** The first answered record of an incarnation. */
  readonly progressed: () => void
  /** Where the Calculator has a control channel. */
  readonly control?: ControlParts
  /** The child broke its protocol: it must be killed, whatever is unanswered is replayed. */
  readonly broken: (pid: number) => void
  /** The Calculator died, and nobody had asked it to. */
  readonly crashed?: (box: BlackBox) => void
  /** The output is gone for good. */
  readonly failed: (error: unknown) => void
}
