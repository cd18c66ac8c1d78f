// One metric as a row of a table: what it is called, which labels it has, and how it is read off a snapshot.
import { namespec } from '../domain/process/spec.ts'
import type { Durations } from '../domain/stream/duration-histogram.ts'
import type { Millis } from '../domain/time.ts'
import type { ProcessSnapshot, Snapshot, StreamSnapshot } from '../engine/snapshot.ts'

export type Labels = Readonly<Record<string, string>>

/** Labels and value of one sample; null where the fact is not known. */
export type Sample<T = number> = readonly [labels: Labels, value: T | null]

/** What a scrape looks at besides the snapshot. */
export interface Sight {
  readonly snapshot: Snapshot
  /** Resident memory of a process and all its children, in bytes; null where it cannot be seen. */
  readonly memoryOf: (pid: number) => number | null
}

interface Described<Kind extends string, T> {
  readonly kind: Kind
  readonly help: string
  readonly labels: readonly string[]
  readonly samples: (sight: Sight) => readonly Sample<T>[]
}

export type Metric = Described<'counter' | 'gauge', number> | Described<'histogram', Durations>

/** Metrics by name, without the prefix. */
export type MetricTable = Readonly<Record<string, Metric>>

type Samples = (sight: Sight) => readonly Sample[]

/** A counter: what has happened since the start, so that its name ends in `_total`. */
export const count = (help: string, labels: readonly string[], samples: Samples): Metric => ({
  ...{ kind: 'counter', help, labels, samples },
})

/** A gauge: what is so now. */
export const gauge = (help: string, labels: readonly string[], samples: Samples): Metric => ({
  ...{ kind: 'gauge', help, labels, samples },
})

type OfStream = (stream: StreamSnapshot) => number | null
type OfProcess = (process: ProcessSnapshot) => number | null

const perStream =
  <T>(value: (stream: StreamSnapshot) => T | null): ((sight: Sight) => readonly Sample<T>[]) =>
  ({ snapshot: { streams } }) =>
    streams.map((stream) => [{ process: stream.namespec }, value(stream)])

const perProcess =
  (value: (process: ProcessSnapshot, sight: Sight) => number | null): Samples =>
  (sight) =>
    sight.snapshot.processes.map((process) => [{ process: namespec(process) }, value(process, sight)])

/** A counter with a sample for each stream, labelled by its process. */
export const streamCount = (help: string, value: OfStream): Metric => count(help, ['process'], perStream(value))
/** A gauge with a sample for each stream. */
export const streamGauge = (help: string, value: OfStream): Metric => gauge(help, ['process'], perStream(value))
/** A counter with a sample for each process. */
export const processCount = (help: string, value: OfProcess): Metric => count(help, ['process'], perProcess(value))

/** A gauge with a sample for each process. */
export const processGauge = (help: string, value: (process: ProcessSnapshot, sight: Sight) => number | null): Metric =>
  gauge(help, ['process'], perProcess(value))

/** A histogram for each stream. */
export const streamDurations = (help: string, value: (stream: StreamSnapshot) => Durations): Metric => ({
  ...{ kind: 'histogram', help, labels: ['process'], samples: perStream(value) },
})

/** Samples of each stream that differ in one label more. */
export const split =
  (label: string, values: (stream: StreamSnapshot) => Readonly<Record<string, number>>): Samples =>
  ({ snapshot: { streams } }) =>
    streams.flatMap((stream) =>
      Object.entries(values(stream)).map(([name, value]): Sample => [
        { process: stream.namespec, [label]: name },
        value,
      ]),
    )

/** Prometheus counts in seconds; null stays null. */
export const inSeconds = (ms: Millis | null): number | null => (ms === null ? null : ms / 1000)
