// The one read model: what every face, check and metric shows. Plain data, made by the engine, read by everybody.
import type { CalculatorMetric } from '../domain/control/metrics.ts'
import type { Fields, Level } from '../domain/events.ts'
import type { EventName } from '../domain/log-events.ts'
import type { Process, ProcessState } from '../domain/process/state.ts'
import type { Advised } from '../domain/stream/advice.ts'
import type { Death } from '../domain/stream/death.ts'
import type { Durations } from '../domain/stream/duration-histogram.ts'
import type { TopicPartition } from '../domain/stream/line-batch.ts'
import type { Protocol } from '../domain/stream/settings.ts'
import type { Millis } from '../domain/time.ts'
import type { LoopDelay } from './ports.ts'

/** One supervised process. */
export interface ProcessSnapshot {
  readonly name: string
  readonly group: string
  readonly state: ProcessState
  readonly pid: number | null
  /** Last start and last exit, ms since the epoch; null for never. */
  readonly startedAt: Millis | null
  readonly stoppedAt: Millis | null
  readonly exit: Process['exit']
  readonly spawnerr: string
  /** Failed starts in a row. */
  readonly retries: number
  /** From the fourth failed start in a row. */
  readonly crashLoop: boolean
  /** Delay until the next start, ms; null when none is due. */
  readonly retryInMs: Millis | null
  /** PROTOCOL=batch: the last run did its work, and the next one is due or has begun. */
  readonly ranWell: boolean
  readonly restarts: number
  /** Why the stop under way is followed by a start; null: it is not. */
  readonly again: string | null
  readonly stderrTail: readonly string[]
}

/** What has happened in one stream since the agent began. */
export interface StreamCounters {
  readonly recordsIn: number
  readonly recordsOut: number
  readonly bytesIn: number
  readonly bytesOut: number
  readonly tombstones: number
  readonly deadLetters: Readonly<Record<string, number>>
  readonly oversized: number
  readonly partialLines: number
  /** Calculators that the kernel killed because the container had no more memory. */
  readonly outOfMemory: number
  readonly checkpointsProven: number
  readonly checkpointsAssumed: number
  readonly checkpointsMissed: number
  /** Lines of the Calculator that were taken as answers. */
  readonly answers: number
  readonly commits: number
  readonly commitsRefused: number
  /** Transactions that were aborted. */
  readonly aborts: number
  readonly replays: number
  readonly violations: number
  /** Lines of the control channel that could not be used. */
  readonly controlProblems: number
  /** Deaths of the Calculator that nobody asked for, by what is known of them. */
  readonly deaths: Readonly<Partial<Record<Death, number>>>
}

/** One partition that is ours. */
export interface PartitionSnapshot extends TopicPartition {
  /** Records not settled; null while not known. */
  readonly lag: number | null
  /** Time since it last made progress; 0 with nothing to do. */
  readonly progressAgeMs: Millis
}

/** What the Calculator says of itself on its control channel. */
export interface ControlSnapshot {
  /** It may be fed. */
  readonly ready: boolean
  readonly state: string | null
  readonly stopping: boolean
  /** null: it sent none yet. */
  readonly heartbeatAgeMs: Millis | null
  readonly metrics: readonly CalculatorMetric[]
}

/** The stream of one Calculator. */
export interface StreamSnapshot {
  readonly namespec: string
  readonly protocol: Protocol
  readonly phase: 'idle' | 'feeding' | 'holding' | 'draining' | 'stopped'
  readonly input: {
    readonly topics: readonly string[]
    readonly joined: boolean
    readonly assigned: readonly TopicPartition[]
    readonly lag: number | null
    readonly lastFetchAgeMs: Millis | null
    /** How often partitions were given to us, taken away, and lost without notice. */
    readonly rebalances: Readonly<Record<'assigned' | 'revoked' | 'lost', number>>
    readonly error: string | null
  }
  readonly partitions: readonly PartitionSnapshot[]
  readonly output: {
    readonly topic: string | null
    readonly lastAckAgeMs: Millis | null
    readonly error: string | null
  }
  /** Records handed to the Calculator and not settled. */
  readonly inFlight: number
  readonly bufferedBytes: number
  /** BUFFER_BYTES, or less where more would bring nothing. */
  readonly bufferLimitBytes: number
  readonly stdinUnreadBytes: number | null
  /** The Calculator closed its stdin and lives on: it gets no more records before it is started anew. */
  readonly stdinClosed: boolean
  /** How long writes to the Calculator have waited for it to read. */
  readonly stdinBlockedMs: Millis
  /** Bytes of a line that has not ended yet; null while no Calculator lives. */
  readonly stdoutPartialBytes: number | null
  /** The Calculator was seen to keep back part of a line: its stdout is block-buffered, nothing is committed. */
  readonly blockBuffered: boolean
  /** Few records at once are in work, until the one is found that killed the Calculator. */
  readonly isolating: boolean
  /** Under relay: the protocol that the Calculator seems to keep, or `flush`; null while there is not enough evidence. */
  readonly advice: Advised | null
  /** null: it has no control channel. */
  readonly control: ControlSnapshot | null
  /** Partitions with records waiting and none settled for longer than the limit. */
  readonly stuck: readonly TopicPartition[]
  readonly counters: StreamCounters
  readonly durations: Readonly<Record<'answer' | 'endToEnd' | 'checkpoint', Durations>>
}

/** Where the run document stands. */
export interface DocumentSnapshot {
  /** null without Consul. */
  readonly key: string | null
  readonly state: 'none' | 'waiting' | 'in-force' | 'refused' | 'rolled-back' | 'disappeared' | 'unreachable'
  /** ModifyIndex of the document in force. */
  readonly configVersion: number | null
  /** Documents that were refused or rolled back so far. */
  readonly rejected: number
  /** Why it was refused or rolled back, with the path of the field; empty otherwise. */
  readonly problem: string
}

/** Everything, at one instant. */
export interface Snapshot {
  /** Number of the last event. */
  readonly seq: number
  /** Ms since the epoch. */
  readonly at: Millis
  readonly agent: {
    readonly state: 'starting' | 'waiting' | 'running' | 'adopting' | 'degraded' | 'draining' | 'stopped'
    /** Why it is not running, for a person; empty when it is. */
    readonly reason: string
    readonly version: string
    readonly platformVersion: string | null
    readonly nodeId: string | null
    readonly instanceId: string
    readonly startedAt: Millis
    readonly consul: 'off' | 'registered' | 'unreachable'
    /** Time since Consul last told what the run document's key holds; null without Consul, or before it did. */
    readonly consulAnswerAgeMs: Millis | null
    /** How late the event loop was in the last seconds; null where it is not measured. */
    readonly loopLagMs: LoopDelay | null
  }
  readonly document: DocumentSnapshot
  readonly processes: readonly ProcessSnapshot[]
  readonly streams: readonly StreamSnapshot[]
}

/** What the engine publishes; faces turn it into their own words. */
export interface ReadModel {
  snapshot(): Snapshot
  /** Events after `seq`, oldest first, as far as the ring still holds them. */
  since(seq: number): readonly NumberedEvent[]
  subscribe(listener: (event: NumberedEvent) => void): () => void
}

/** A fact with its place among all others. */
export interface NumberedEvent {
  readonly seq: number
  /** Ms since the epoch, and monotonic ms. */
  readonly wall: Millis
  readonly mono: Millis
  readonly event: EventName
  readonly level: Level
  readonly message: string
  readonly fields: Fields
}
