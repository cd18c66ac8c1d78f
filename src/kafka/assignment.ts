import type { TopicPartition } from '../domain/stream/line-batch.ts'

/** One partition that the member owns. */
export interface Owned extends TopicPartition {
  epoch: number
  /** Offset of the next record to be fetched; null until the start position is known, and not fetched before. */
  position: number | null
  highWatermark: number
  /** Aborted when what was fetched up to now is void: a rewind, a rebalance, the end. */
  over: AbortController
}

export type Epochs = () => number

/** The partitions a member owns at this moment. */
export class Assignment {
  readonly #owned = new Map<string, Owned>()
  #over = new AbortController()

  /** Aborted when the partitions are given away. */
  get signal(): AbortSignal {
    return this.#over.signal
  }

  get list(): Owned[] {
    return [...this.#owned.values()]
  }

  find({ topic, partition }: TopicPartition): Owned | undefined {
    return this.#owned.get(`${topic}/${partition}`)
  }

  /** Takes an assignment as kafkajs tells it; each partition gets an epoch of its own. */
  assign(partitionsByTopic: Readonly<Record<string, readonly number[]>>, nextEpoch: Epochs): void {
    this.clear()
    this.#over = new AbortController()
    for (const [topic, partitions] of Object.entries(partitionsByTopic)) {
      for (const partition of [...partitions].sort((a, b) => a - b)) {
        const over = new AbortController()
        const owned = { topic, partition, epoch: nextEpoch(), position: null, highWatermark: 0, over }
        this.#owned.set(`${topic}/${partition}`, owned)
      }
    }
  }

  /** What was fetched so far is void; the partitions stay. */
  interrupt(): void {
    for (const { over } of this.#owned.values()) over.abort()
  }

  clear(): void {
    this.interrupt()
    this.#over.abort()
    this.#owned.clear()
  }

  /** Records not fetched yet; null while the start of a partition is not known. */
  lag(): number | null {
    let sum = 0
    for (const { position, highWatermark } of this.#owned.values()) {
      if (position === null) return null
      sum += Math.max(0, highWatermark - position)
    }
    return sum
  }
}

/** Partitions grouped as kafkajs's pause and resume want them. */
export function byTopic(partitions: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
  const topics = new Map<string, number[]>()
  for (const { topic, partition } of partitions) {
    const known = topics.get(topic)
    if (known) known.push(partition)
    else topics.set(topic, [partition])
  }
  return [...topics].map(([topic, list]) => ({ topic, partitions: list }))
}
