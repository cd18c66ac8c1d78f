// Where newly owned partitions begin.
import { nameOf, type TopicPartition } from '../domain/stream/line-batch.ts'
import type { Clock } from '../engine/ports.ts'
import type { KafkaCluster } from './cluster.ts'
import { explain } from './errors.ts'
import type { OwnedPartition } from './fetch/owned-partition.ts'
import type { KafkaLog } from './log.ts'
import type { Committed } from './group-membership.ts'
import { Problem } from './problem.ts'
import { startPositions, type InputFrom, type Start } from './start-positions.ts'
import type { Topics } from './topics.ts'

export interface StartParts {
  readonly cluster: KafkaCluster
  readonly topics: Topics
  readonly from: InputFrom
  readonly clock: Clock
  readonly log: KafkaLog
  readonly signal: AbortSignal
  /** -1: nothing is committed. */
  committed(partitions: readonly TopicPartition[]): Promise<readonly Committed[]>
  commit(positions: readonly (TopicPartition & { readonly offset: number; readonly epoch: number })[]): Promise<void>
  /** What stands beside the committed offsets. */
  noted(partitions: readonly Committed[]): void
  /** Positions are known: there is something to fetch. */
  found(): void
}

/** What makes committed offsets void. */
interface Past {
  /** The topic was made anew: they belong to the old one. */
  readonly anew?: boolean
  /** The log was cut there: none behind it holds. */
  readonly cutAt?: number
}

interface Pending {
  readonly partition: OwnedPartition
  readonly version: number
  /** Found by the first look that succeeds, and held to from then on; null before. */
  start: Start | null
  /** The next look might find another. */
  isDue: boolean
}

const isPending = ({ partition, version }: Pending): boolean => partition.version === version

export class StartFinder {
  readonly problem: Problem
  readonly #parts: StartParts
  /** Partitions of each topic when reading began. */
  readonly #counts = new Map<string, number>()

  constructor(parts: StartParts) {
    this.#parts = parts
    this.problem = new Problem(parts.clock, parts.log, 'kafka.start-position')
  }

  /** Reading begins now: a partition that nobody has seen by now is new, and `latest` must not leave out its begin. */
  opened(names: readonly string[]): void {
    for (const name of names) this.#counts.set(name, this.#parts.topics.find(name)?.partitions.length ?? 0)
  }

  /**
   * Finds the position of each partition, however long it takes, and commits it where the next look might find
   * another: a rebalance must not move it, so nothing is read from there before.
   */
  async begin(partitions: readonly OwnedPartition[], past: Past = {}): Promise<void> {
    const { topics, signal } = this.#parts
    const fresh = { start: null, isDue: false }
    let pending = partitions.map((partition): Pending => ({ partition, version: partition.version, ...fresh }))
    for (;;) {
      pending = pending.filter(isPending)
      if (signal.aborted) return
      if (pending.length === 0) break
      try {
        if (pending.some(({ partition }) => !topics.leaderOf(partition))) await topics.refresh()
        await this.#look(
          pending.filter(({ start }) => start === null),
          past,
        )
        this.#read(pending.filter(({ isDue }) => !isDue))
        const due = pending.filter(isPending)
        await this.#parts.commit(due.flatMap(({ partition: { epoch }, start }) => (start ? { ...start, epoch } : [])))
        this.#read(due)
        break
      } catch (error) {
        this.problem.report(`cannot settle where to begin: ${explain(error)}`)
        await this.problem.backOff(signal)
        await topics.refresh().catch(() => undefined)
      }
    }
    this.problem.clear()
  }

  /** Where to go on instead of an offset that does not exist. Rejects as `startPositions`. */
  async instead(partition: TopicPartition, offset: number): Promise<Start | undefined> {
    const { cluster, topics, from } = this.#parts
    const [start] = await startPositions(cluster, topics, [{ ...partition, offset }], from)
    return start
  }

  async #look(pending: readonly Pending[], { anew = false, cutAt = Infinity }: Past): Promise<void> {
    if (pending.length === 0) return
    const { cluster, topics, from } = this.#parts
    const partitions = pending.map(({ partition: { topic, partition } }) => ({ topic, partition }))
    const committed = anew ? [] : await this.#parts.committed(partitions)
    this.#parts.noted(committed)
    const offsets = new Map(committed.map((each) => [nameOf(each), each.offset]))
    const wanted = partitions.map((each) => ({
      ...each,
      offset: Math.min(cutAt, offsets.get(nameOf(each)) ?? -1),
      added: each.partition >= (this.#counts.get(each.topic) ?? Infinity),
    }))
    const starts = new Map((await startPositions(cluster, topics, wanted, from)).map((each) => [nameOf(each), each]))
    for (const each of pending) {
      const name = nameOf(each.partition)
      const start = starts.get(name) ?? null
      const isCut = (offsets.get(name) ?? -1) > cutAt
      each.start = start && isCut ? { ...start, reason: 'the log was cut there' } : start
      each.isDue = isCut || (start?.asWanted === false && from !== 'earliest')
    }
  }

  #read(begun: readonly Pending[]): void {
    const { topics, log } = this.#parts
    for (const each of begun) {
      const { partition, start } = each
      if (!start || !isPending(each)) continue
      partition.seek(start.offset)
      partition.highWatermark = start.highWatermark
      partition.topicId = topics.find(partition.topic)?.id ?? null
      log('info', `reading from offset ${start.offset}: ${start.reason}`, {
        event: 'kafka.start',
        topic: partition.topic,
        partition: partition.partition,
        offset: start.offset,
      })
    }
    this.#parts.found()
  }
}
