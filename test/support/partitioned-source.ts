// A topic of several partitions in memory, with keys, whose partitions come and go as a consumer group has it.
import type { LineBatch, TopicPartition } from '../../src/domain/stream/line-batch.ts'
import type { RecordConsumer, RecordSource, SourceHealth } from '../../src/engine/ports.ts'
import { batchOf } from './stream-world.ts'

export interface KeyedValue {
  readonly key: string | null
  /** null is a tombstone. */
  readonly value: string | null
}

interface Owned {
  epoch: number
  next: number
  running: boolean
}

type Position = TopicPartition & { readonly offset: number; readonly epoch: number; readonly metadata?: string }

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

export class PartitionedSource implements RecordSource {
  readonly values: readonly (readonly KeyedValue[])[]
  /** By partition. */
  readonly committed: number[]
  readonly metadata: string[]
  /** Every commit, in its order. */
  readonly commits: { readonly partition: number; readonly offset: number }[] = []
  /** How many commits are refused from now on. */
  refusals = 0
  readonly #atOnce: number
  readonly #owned = new Map<number, Owned>()
  #consumer: RecordConsumer | null = null
  #epoch = 0
  #paused = false
  #draining: AbortController | null = null

  constructor(values: readonly (readonly KeyedValue[])[], atOnce: number) {
    this.values = values
    this.committed = values.map(() => 0)
    this.metadata = values.map(() => '')
    this.#atOnce = atOnce
  }

  /** Of the same topic, which goes on where this one has committed. Its epochs begin anew. */
  successor(): PartitionedSource {
    const next = new PartitionedSource(this.values, this.#atOnce)
    next.committed.splice(0, Infinity, ...this.committed)
    next.metadata.splice(0, Infinity, ...this.metadata)
    return next
  }

  start(consumer: RecordConsumer): Promise<void> {
    this.#consumer = consumer
    return Promise.resolve()
  }

  get owned(): readonly number[] {
    return [...this.#owned.keys()]
  }

  assign(partitions: readonly number[]): void {
    const added = partitions.map((partition) => {
      const owned = { epoch: ++this.#epoch, next: this.committed[partition] ?? 0, running: false }
      this.#owned.set(partition, owned)
      return { topic: 'in', partition, epoch: owned.epoch }
    })
    this.#consumer?.assigned(added)
    this.#consumer?.noted?.(added.map((at) => ({ ...at, metadata: this.metadata[at.partition] ?? '' })))
    for (const partition of partitions) void this.#run(partition)
  }

  async revoke(partitions: readonly number[]): Promise<void> {
    // Nothing more is fetched of what is about to go.
    for (const partition of partitions) this.#halt(partition)
    const gone = (this.#draining = new AbortController())
    const list = partitions.map((partition) => ({ topic: 'in', partition }))
    await this.#consumer?.revoked(list, gone.signal)
    for (const partition of partitions) this.#owned.delete(partition)
  }

  /** They are another's already; so is what is about to be given away. */
  async lose(partitions: readonly number[]): Promise<void> {
    for (const partition of partitions) this.#owned.delete(partition)
    this.#draining?.abort()
    const list = partitions.map((partition) => ({ topic: 'in', partition }))
    await this.#consumer?.revoked(list, AbortSignal.abort())
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    for (const partition of this.#owned.keys()) void this.#run(partition)
  }

  rewind({ partition }: TopicPartition, offset: number, epoch: number): void {
    this.#epoch = Math.max(this.#epoch, epoch)
    const owned = this.#owned.get(partition)
    if (!owned) return
    // What is on its way under the old epoch is nobody's: its end is not waited for.
    if (owned.next !== Infinity) this.#owned.set(partition, { epoch, next: offset, running: false })
    else owned.epoch = epoch
    void this.#run(partition)
  }

  commit(positions: readonly Position[]): Promise<void> {
    if (this.refusals > 0) {
      this.refusals--
      return Promise.reject(new Error('not now'))
    }
    for (const { partition, offset, epoch, metadata = '' } of positions) {
      if (this.#owned.get(partition)?.epoch !== epoch) continue
      this.committed[partition] = offset
      this.metadata[partition] = metadata
      this.commits.push({ partition, offset })
    }
    return Promise.resolve()
  }

  health(): SourceHealth {
    const assigned = this.owned.map((partition) => ({ topic: 'in', partition }))
    const ends = assigned.map((at) => ({
      ...{ ...at, end: this.values[at.partition]?.length ?? 0 },
      next: this.#owned.get(at.partition)?.next ?? 0,
    }))
    const lag = ends.reduce((sum, { end, next }) => sum + end - next, 0)
    const rebalances = { assigned: 1, revoked: 0, lost: 0 }
    return { joined: true, assigned, lastFetchAt: 0, lag, ends, rebalances, error: null }
  }

  close(): Promise<void> {
    this.#owned.clear()
    return Promise.resolve()
  }

  #halt(partition: number): void {
    const owned = this.#owned.get(partition)
    if (owned) owned.next = Infinity
  }

  async #run(partition: number): Promise<void> {
    const owned = this.#owned.get(partition)
    if (!owned || owned.running) return
    owned.running = true
    const values = this.values[partition] ?? []
    while (this.#owned.get(partition) === owned && !this.#paused && owned.next < values.length) {
      const some = values.slice(owned.next, owned.next + this.#atOnce)
      const batch = keyedBatch(partition, owned.epoch, owned.next, some)
      owned.next += some.length
      await this.#consumer?.batch(batch)
    }
    owned.running = false
  }
}

export function keyedBatch(partition: number, epoch: number, first: number, records: readonly KeyedValue[]): LineBatch {
  const at = { topic: 'in', partition }
  const values = records.map(({ value }) => value)
  const keys = records.flatMap(({ key, value }) => (value === null ? [] : [key === null ? null : bytes(key)]))
  const batch = batchOf(at, epoch, first, values)
  return { ...batch, context: { ...batch.context, key: (index) => keys[index] ?? null } }
}
