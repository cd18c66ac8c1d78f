// The one read model: what every face, check and metric shows. Plain data, made by the engine, read by everybody.
import type { ProcessState } from '../domain/process/state.ts'
import type { Fields, Level } from '../domain/events.ts'
import type { TopicPartition } from '../domain/stream/line-batch.ts'
import type { Protocol } from '../domain/stream/settings.ts'
import type { Millis } from '../domain/time.ts'
import type { LoopDelay } from './ports.ts'

export interface ProcessSnapshot {
  readonly name: string
  readonly group: string
  readonly state: ProcessState
  readonly pid: number | null
  /** Last start and last exit, ms since the epoch; null for never. */
  readonly startedAt: Millis | null
  readonly stoppedAt: Millis | null
  readonly exit: { readonly code: number | null; readonly signal: string | null; readonly expected: boolean } | null
  readonly spawnerr: string
  /** Failed starts in a row. */
  readonly retries: number
  /** From the fourth failed start in a row. */
  readonly crashLoop: boolean
  /** Delay until the next start, ms; null when none is due. */
  readonly retryInMs: Millis | null
  readonly restarts: number
  readonly stderrTail: readonly string[]
}

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
  readonly commits: number
  readonly replays: number
  readonly violations: number
}

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
    readonly error: string | null
  }
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
  /** The Calculator was seen to keep back part of a line: its stdout is block-buffered, nothing is committed. */
  readonly blockBuffered: boolean
  /** Few records at once are in work, until the one is found that killed the Calculator. */
  readonly isolating: boolean
  /** The protocol that the Calculator seems to keep under relay; null while there is not enough evidence for one. */
  readonly advice: string | null
  /** Partitions with records waiting and none settled for longer than the limit. */
  readonly stuck: readonly TopicPartition[]
  readonly counters: StreamCounters
}

/** Where the run document stands. */
export interface DocumentSnapshot {
  /** null without Consul. */
  readonly key: string | null
  readonly state: 'none' | 'waiting' | 'in-force' | 'refused' | 'rolled-back' | 'disappeared' | 'unreachable'
  /** ModifyIndex of the document in force. */
  readonly configVersion: number | null
  /** Why it was refused or rolled back, with the path of the field; empty otherwise. */
  readonly problem: string
}

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

export interface NumberedEvent {
  readonly seq: number
  /** Ms since the epoch, and monotonic ms. */
  readonly wall: Millis
  readonly mono: Millis
  /** Stable dotted name: `process.exited`, `stream.checkpoint`, `document.refused` … */
  readonly event: string
  readonly level: Level
  readonly message: string
  readonly fields: Fields
}
