import { leastLoaded, unevenness, type Dealing } from '../../domain/stream/dealing.ts'
import { nameOf, type LineBatch, type TopicPartition } from '../../domain/stream/line-batch.ts'
import { DealtPartition } from './dealt-partition.ts'
import type { CommitPosition, RecordConsumer, RecordSource, SourceHealth } from '../ports.ts'
import { Serial } from '../serial.ts'
import { workerSource } from './worker-source.ts'

export interface DealerParts {
  readonly dealing: Dealing
  readonly source: RecordSource
  readonly workers: number
  /** A bug was met in the background. */
  readonly failed: (error: unknown) => void
}

/**
 * Between one source and several workers: partitions, or the records of each partition by their keys, are dealt to them;
 * what they commit comes together again. With one worker everything passes as it is.
 */
export class Dealer implements RecordConsumer {
  readonly #parts: DealerParts
  readonly #partitions = new Map<string, DealtPartition>()
  #source: RecordSource
  #sources: readonly RecordSource[]
  /** By worker. */
  #consumers: readonly RecordConsumer[] = []
  /** Raised whenever the workers or the source are others. */
  #generation = 0
  readonly #commits = new Serial()

  constructor(parts: DealerParts) {
    this.#parts = parts
    this.#source = parts.source
    this.#sources = this.#newSources(parts.workers)
  }

  /** What each worker reads from. */
  get sources(): readonly RecordSource[] {
    return this.#sources
  }

  /** Another source: nothing of the old one is ours any more. */
  use(source: RecordSource): void {
    this.#generation++
    this.#source = source
    for (const partition of this.#partitions.values()) partition.end()
    this.#partitions.clear()
    this.#sources = this.#newSources(this.#sources.length)
  }

  /** So many workers from now on, who are to be named by `serve`. The old ones must have been drained. */
  become(workers: number): void {
    this.#generation++
    this.#sources = this.#newSources(workers)
  }

  /** Who gets the records. What was assigned before is dealt anew, from where everything is committed. */
  serve(consumers: readonly RecordConsumer[]): void {
    this.#consumers = consumers
    const partitions = [...this.#partitions.values()]
    this.#partitions.clear()
    for (const each of partitions) {
      const { workers, home } = this.#placeFor()
      this.#partitions.set(nameOf(each), each)
      this.#deal(each, workers, home)
    }
  }

  // ---- what the source tells ---------------------------------------------------------------------------------------

  async batch(batch: LineBatch): Promise<void> {
    await this.#partitions.get(nameOf(batch))?.batch(batch, this.#consumers)
  }

  placeOf(partition: TopicPartition): number {
    return this.#sharesPartitions ? 0 : (this.#partitions.get(nameOf(partition))?.home ?? 0)
  }

  assigned(partitions: readonly (TopicPartition & { readonly epoch: number })[]): void {
    const added = new Map<number, (TopicPartition & { readonly epoch: number })[]>()
    for (const at of partitions) {
      const known = this.#partitions.get(nameOf(at))
      // It stays where it is, or is about to be.
      const { workers, home } = known?.moving
        ? { workers: [known.home], home: known.home }
        : (known ?? this.#placeFor())
      this.#partitions.set(nameOf(at), new DealtPartition(at, at.epoch, workers, home))
      for (const worker of workers) added.set(worker, [...(added.get(worker) ?? []), at])
    }
    for (const [worker, list] of added) this.#consumers[worker]?.assigned(list)
  }

  noted(partitions: readonly (TopicPartition & { readonly metadata: string })[]): void {
    for (const at of partitions) {
      const known = this.#partitions.get(nameOf(at))
      known?.noted(at.metadata)
      for (const worker of known?.workers ?? []) this.#consumers[worker]?.noted?.([at])
    }
  }

  async revoked(partitions: readonly TopicPartition[], gone?: AbortSignal): Promise<void> {
    const leaving = partitions.flatMap((at) => this.#partitions.get(nameOf(at)) ?? [])
    for (const each of leaving) each.leave(gone)
    const staying = this.#consumers.map(async (consumer, worker) => {
      const theirs = leaving.filter(({ workers, moving }) => !moving && workers.includes(worker))
      const list = theirs.map(({ topic, partition }) => ({ topic, partition }))
      if (list.length > 0) await consumer.revoked(list, gone)
    })
    await Promise.all([...staying, ...leaving.map(({ moving }) => moving)])
    for (const each of leaving) {
      if (this.#partitions.get(nameOf(each)) === each) this.#partitions.delete(nameOf(each))
    }
    this.#even()
  }

  ended(): void {
    for (const consumer of this.#consumers) consumer.ended()
  }

  // ---- what the workers ask for ------------------------------------------------------------------------------------

  /** The worker wants its records from `offset` on once more. */
  rewind(worker: number, at: TopicPartition, offset: number, epoch: number): void {
    const partition = this.#partitions.get(nameOf(at))
    const from = partition?.rewind(worker, offset, epoch) ?? null
    if (partition && from !== null) this.#source.rewind(at, from, partition.epoch)
  }

  /** Commits what everybody has settled. Rejects where the source does. */
  async commit(worker: number, positions: readonly CommitPosition[]): Promise<void> {
    const partitions = positions.flatMap((position) => {
      const partition = this.#partitions.get(nameOf(position))
      return partition?.settled(worker, position) === true ? [partition] : []
    })
    const commit = async (): Promise<void> => {
      const due = partitions.flatMap((partition) => (partition.due ? [{ partition, position: partition.due }] : []))
      if (due.length === 0) return
      await this.#source.commit(due.map(({ position }) => position))
      // One that came anew meanwhile, of a topic made anew, begins without it.
      for (const { partition, position } of due) partition.committed(position)
    }
    if (!this.#sharesPartitions) return commit()
    // Two commits of one partition must not overtake each other.
    await this.#commits.run(commit)
  }

  pause(): void {
    this.#source.pause()
  }

  resume(): void {
    this.#source.resume()
  }

  /** The worker's part of it. */
  health(worker: number): SourceHealth {
    const health = this.#source.health()
    if (this.#sources.length === 1) return health
    const ends = health.ends?.filter((at) => this.#partitions.get(nameOf(at))?.home === worker) ?? []
    const theirs = [...this.#partitions.values()].filter(({ workers }) => workers.includes(worker))
    return {
      ...health,
      // Of the source, and told once.
      ...(worker > 0 && { rebalances: { assigned: 0, revoked: 0, lost: 0 } }),
      assigned: theirs.map(({ topic, partition }) => ({ topic, partition })),
      ends,
      lag: health.lag === null ? null : ends.reduce<number | null>(withLag, 0),
    }
  }

  // ------------------------------------------------------------------------------------------------------------------

  get #sharesPartitions(): boolean {
    return this.#parts.dealing === 'key' && this.#sources.length > 1
  }

  #newSources(workers: number): readonly RecordSource[] {
    return Array.from({ length: workers }, (_, worker) => workerSource(this, worker))
  }

  /** Partitions by worker. */
  get #loads(): number[] {
    const loads = this.#consumers.map(() => 0)
    for (const { home } of this.#partitions.values()) loads[home] = (loads[home] ?? 0) + 1
    return loads
  }

  #placeFor(): { readonly workers: readonly number[]; readonly home: number } {
    const home = leastLoaded(this.#loads)
    return { workers: this.#sharesPartitions ? [...this.#consumers.keys()] : [home], home }
  }

  #deal(partition: DealtPartition, workers: readonly number[], home: number): void {
    const from = partition.reshare(workers, home)
    const { topic, epoch, metadata } = partition
    const at = { topic, partition: partition.partition }
    for (const worker of workers) {
      this.#consumers[worker]?.assigned([{ ...at, epoch }])
      this.#consumers[worker]?.noted?.([{ ...at, metadata }])
    }
    if (from !== null) this.#source.rewind(at, from, epoch)
  }

  /** After partitions went away some workers may have less to do than others. */
  #even(): void {
    if (this.#sharesPartitions) return
    for (let uneven = unevenness(this.#loads); uneven; uneven = unevenness(this.#loads)) {
      const { from, to } = uneven
      const partition = [...this.#partitions.values()].findLast((each) => each.home === from && !each.leaving)
      if (!partition || partition.moving) return
      this.#move(partition, from, to).catch(this.#parts.failed)
    }
  }

  async #move(partition: DealtPartition, from: number, to: number): Promise<void> {
    const generation = this.#generation
    partition.home = to
    const { topic, partition: number } = partition
    partition.moving = this.#consumers[from]?.revoked([{ topic, partition: number }], partition.gone) ?? null
    await partition.moving
    const isOurs = this.#partitions.get(nameOf(partition)) === partition
    if (generation === this.#generation && isOurs && !partition.leaving) this.#deal(partition, [to], to)
  }
}

/** `sum` and the records from `next` to `end`; null where that is not known. */
const withLag = (sum: number | null, { end, next }: NonNullable<SourceHealth['ends']>[number]): number | null =>
  sum === null || end === null || next === null ? null : sum + Math.max(0, end - next)
