import type { TopicPartition } from '../domain/stream/line-batch.ts'
import type { Millis } from '../domain/time.ts'
import type { Clock, CommitPosition, RecordConsumer, RecordSource, SourceHealth } from '../engine/ports.ts'
import { Serial } from '../engine/serial.ts'
import { wait, within } from '../engine/waiting.ts'
import type { KafkaCluster } from './cluster.ts'
import { Corrections } from './corrections.ts'
import { Fetcher } from './fetch/fetcher.ts'
import type { OwnedPartition } from './fetch/owned-partition.ts'
import { Trouble } from './fetch/trouble.ts'
import type { Membership } from './group-membership.ts'
import type { MemberOwner } from './group/settings.ts'
import { watchLag } from './lag-watch.ts'
import type { KafkaLog } from './log.ts'
import { MissingTopics } from './missing-topics.ts'
import { OwnedPartitions } from './owned-partitions.ts'
import { CLOSE_LIMIT, Problem } from './problem.ts'
import { SourceCommits, type Transact } from './source-commits.ts'
import { StartFinder } from './start-finder.ts'
import type { InputFrom } from './start-positions.ts'
import { Topics } from './topics.ts'

export interface SourceSettings {
  /** Its connections are the source's alone, and end with it. */
  readonly cluster: KafkaCluster
  readonly topics: readonly string[]
  readonly from: InputFrom
  /** Called once all topics exist. */
  readonly join: (owner: MemberOwner) => Membership
  readonly clock: Clock
  readonly log: KafkaLog
}

const TOPIC_POLL: Millis = 1_000
const ASIDE = 'the partitions are left to other members of the consumer group until the Calculator runs'

/** Records of the partitions that a consumer group gives to this agent. */
export class KafkaSource implements RecordSource, MemberOwner {
  readonly #settings: SourceSettings
  readonly #ownership = new OwnedPartitions()
  readonly #commits = new SourceCommits(this.#ownership, () => this.#membership)
  readonly #topics: Topics
  readonly #problem: Problem
  readonly #missing: MissingTopics
  readonly #trouble: Trouble
  readonly #fetcher: Fetcher
  readonly #starts: StartFinder
  readonly #corrections: Corrections
  readonly #closing = new AbortController()
  #consumer: RecordConsumer | null = null
  #membership: Membership | null = null
  /** While we stand aside: resolves when we come back. */
  #aside: PromiseWithResolvers<undefined> | null = null
  /** One for each revocation that is on, or waits for its turn. */
  readonly #draining = new Set<AbortController>()
  readonly #rebalances = { assigned: 0, revoked: 0, lost: 0 }
  #lastFetchAt: Millis | null = null
  #done: Promise<void> = Promise.resolve()
  /** The consumer is told of one change after the other. */
  readonly #changes = new Serial()

  constructor(settings: SourceSettings) {
    const { cluster, clock, log, from } = settings
    const { signal } = this.#closing
    const topics = (this.#topics = new Topics(cluster, settings.topics))
    const problem = (this.#problem = new Problem(clock, log, 'kafka.source'))
    this.#settings = settings
    this.#missing = new MissingTopics({ topics, names: settings.topics, clock, log, problem })
    this.#trouble = new Trouble({
      topics,
      problem,
      clock,
      signal,
      looked: () => this.#corrections.compareIds(),
      released: () => {
        if (this.#ownership.list.length === 0) this.#trouble.over()
        this.#fetcher.wake()
      },
    })
    this.#fetcher = new Fetcher({
      cluster,
      topics,
      owned: () => this.#ownership.list,
      placeOf: (partition) => this.#consumer?.placeOf?.(partition) ?? 0,
      handOver: (batch) => this.#consumer?.batch(batch) ?? Promise.resolve(),
      answered: (whole) => this.#answered(whole),
      troubled: (partitions, error) => this.#trouble.hold(partitions, error),
      outOfRange: (partition, offset) => void this.#corrections.outOfRange(partition, offset),
      diverged: (partition, divergence) => void this.#corrections.diverged(partition, divergence),
    })
    this.#starts = new StartFinder({
      cluster,
      topics,
      from,
      clock,
      log,
      signal,
      committed: async (partitions) => (await this.#membership?.committed(partitions)) ?? [],
      commit: (due) => this.#commits.starts(due),
      noted: (partitions) => this.#consumer?.noted?.(partitions),
      found: () => this.#fetcher.wake(),
    })
    this.#corrections = new Corrections({
      cluster,
      topics,
      ownership: this.#ownership,
      starts: this.#starts,
      clock,
      log,
      begunAnew: ({ topic, partition, epoch }) => {
        // By then the consumer may be another source's.
        if (!signal.aborted) this.#consumer?.assigned([{ topic, partition, epoch }])
      },
      wake: () => this.#fetcher.wake(),
      failed: (partition, error) => this.#trouble.hold([partition], error),
    })
  }

  async start(consumer: RecordConsumer): Promise<void> {
    this.#consumer = consumer
    const { promise, resolve } = Promise.withResolvers<undefined>()
    const attempted = (): void => resolve(undefined)
    this.#done = this.#live(attempted).finally(attempted)
    this.#corrections.start()
    const { cluster, clock, log } = this.#settings
    const owned = (): readonly OwnedPartition[] => this.#ownership.list
    void watchLag({ cluster, topics: this.#topics, clock, log, signal: this.#closing.signal, owned })
    await promise
  }

  pause(): void {
    this.#fetcher.pause()
  }

  resume(): void {
    this.#fetcher.resume()
  }

  rewind(partition: TopicPartition, offset: number, epoch: number): void {
    this.#ownership.seenEpoch(epoch)
    const owned = this.#ownership.find(partition)
    if (!owned) return
    owned.epoch = epoch
    if (owned.leaving) return
    owned.seek(offset)
    this.#fetcher.wake()
  }

  commit(positions: readonly CommitPosition[]): Promise<void> {
    return this.#commits.settled(positions)
  }

  /** See SourceCommits.within. */
  commitIn(positions: readonly CommitPosition[], transact: Transact): Promise<void> {
    return this.#commits.within(positions, transact)
  }

  async standAside(): Promise<void> {
    if (this.#aside) return
    this.#aside = Promise.withResolvers()
    const membership = this.#membership
    await this.revoked(this.#ownership.list)
    await membership?.leave()
  }

  comeBack(): void {
    this.#aside?.resolve(undefined)
    this.#aside = null
  }

  health(): SourceHealth {
    const joined = this.#membership?.joined ?? false
    return {
      joined,
      assigned: this.#ownership.list.map(({ topic, partition }) => ({ topic, partition })),
      lastFetchAt: this.#lastFetchAt,
      lag: joined ? this.#ownership.lag : null,
      ends: this.#ownership.list.map(({ topic, partition, handedOver: next, highWatermark }) => ({
        topic,
        partition,
        next,
        end: next === null ? null : highWatermark,
      })),
      rebalances: { ...this.#rebalances },
      error:
        (this.#aside && ASIDE) ??
        this.#missing.text ??
        this.#problem.text ??
        this.#membership?.problem ??
        this.#starts.problem.text,
    }
  }

  async close(): Promise<void> {
    void this.#starts.leaving(this.#ownership.list)
    this.#closing.abort()
    this.comeBack()
    this.#corrections.stop()
    this.#fetcher.close()
    await this.#membership?.close()
    this.#settings.cluster.close()
    await within(this.#settings.clock, CLOSE_LIMIT, Promise.allSettled([this.#done]))
  }

  // ---- what the membership tells -----------------------------------------------------------------------------------

  assigned(partitions: readonly TopicPartition[]): void {
    this.#rebalances.assigned++
    void this.#tell(async () => {
      const added = this.#ownership.add(partitions)
      this.#consumer?.assigned(added.map(({ topic, partition, epoch }) => ({ topic, partition, epoch })))
      void this.#starts.begin(added)
      await Promise.resolve()
    })
  }

  async revoked(partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length > 0) this.#rebalances.revoked++
    for (const each of partitions) this.#ownership.find(each)?.leave()
    const gone = new AbortController()
    this.#draining.add(gone)
    try {
      await this.#tell(async () => this.#consumer?.revoked(partitions, gone.signal))
    } finally {
      this.#draining.delete(gone)
      const left = partitions.flatMap((each) => this.#ownership.find(each) ?? [])
      if (!gone.signal.aborted) void this.#starts.leaving(left)
      this.#ownership.remove(partitions)
    }
  }

  lost(partitions: readonly TopicPartition[]): void {
    if (partitions.length === 0) return
    this.#rebalances.lost++
    this.#ownership.remove(partitions)
    // Whoever takes its time over what was to be given away has lost it as well.
    for (const gone of this.#draining) gone.abort()
    void this.#tell(async () => {
      this.#ownership.remove(partitions)
      await this.#consumer?.revoked(partitions, AbortSignal.abort())
    })
  }

  /** Rejects as `what`; what comes next is told all the same. */
  #tell(what: () => Promise<void>): Promise<void> {
    return this.#changes.run(async () => {
      if (!this.#closing.signal.aborted) await what()
    })
  }

  // ------------------------------------------------------------------------------------------------------------------

  async #live(attempted: () => void): Promise<void> {
    const { signal } = this.#closing
    const { clock, join } = this.#settings
    const closed = (): boolean => signal.aborted
    while (!closed() && !(await this.#missing.look())) {
      attempted()
      await wait(clock, TOPIC_POLL, signal)
    }
    if (!closed()) this.#starts.opened(this.#settings.topics)
    while (!closed()) {
      if (this.#aside) {
        attempted()
        await this.#aside.promise
        continue
      }
      this.#membership = join(this)
      const over = this.#membership.run()
      attempted()
      await over
      if (closed()) return
      // Of a rebalance that was under way: whoever joins next begins with nothing.
      await this.#changes.settled()
      this.lost(this.#ownership.list)
    }
  }

  #answered(whole: boolean): void {
    this.#lastFetchAt = this.#settings.clock.now()
    if (whole && !this.#ownership.list.some(({ damaged }) => damaged)) this.#trouble.over()
  }
}
