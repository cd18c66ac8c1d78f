import { nameOf, type LineBatch } from '../../domain/stream/line-batch.ts'
import type { Millis } from '../../domain/time.ts'
import type { BufferPool } from '../../wire/buffer-pool.ts'
import { RecordsReader } from '../../wire/record-batch/records-reader.ts'
import { BrokerError, LEADER_NOT_AVAILABLE, refuse } from '../broker-error.ts'
import type { KafkaCluster } from '../cluster.ts'
import { fetch, NO_EPOCH, type Divergence, type FetchAnswer, type FetchedPartition } from '../protocol/fetch.ts'
import type { Topics } from '../topics.ts'
import type { OwnedPartition } from './owned-partition.ts'
import { Reading } from './reading.ts'

export interface FetcherParts {
  readonly cluster: KafkaCluster
  readonly topics: Topics
  owned(): readonly OwnedPartition[]
  /** Partitions with one number wait for one place. */
  placeOf(partition: OwnedPartition): number
  handOver(batch: LineBatch): Promise<void>
  /** An answer came; `whole`: without an error for any partition. */
  answered(whole: boolean): void
  /** The partition is held until whatever is wrong is found out. */
  troubled(partitions: readonly OwnedPartition[], error: unknown): void
  /** The offset to fetch from does not exist. The partition is not fetched until it is given another. */
  outOfRange(partition: OwnedPartition, offset: number): void
  /** What was fetched before is, from there on, not what the leader has. */
  diverged(partition: OwnedPartition, divergence: Divergence): void
}

/**
 * Connections for fetches of one broker: two, so that a partition that becomes free need not wait for a fetch of the
 * others that is parked at the broker. Lane 0 is for short requests.
 */
const LANES = [1, 2] as const
const MAX_WAIT: Readonly<Record<(typeof LANES)[number], Millis>> = { 1: 500, 2: 100 }
/** Of one answer; a batch that is larger comes alone. */
const ANSWER_BYTES = 1024 * 1024
/** Of all answers that are not read yet, in equal shares for each place: beyond that nothing more is asked for. */
const IN_HAND_BYTES = 4 * 1024 * 1024
/** A parked fetch is answered after at most half a second: this broker is stuck. */
const FETCH_TIMEOUT: Millis = 10_000
/** Of one record batch after decompression. */
const MAX_BATCH_BYTES = 64 * 1024 * 1024
const OFFSET_OUT_OF_RANGE = 1

/** Fetches what is owned from the brokers that lead it. While one answer is read, the next is already asked for. */
export class Fetcher {
  readonly #parts: FetcherParts
  readonly #reading: Reading
  /** `node/lane` of the fetches under way. */
  readonly #busy = new Set<string>()
  #paused = false
  #closed = false
  #turn = 0

  constructor(parts: FetcherParts) {
    this.#parts = parts
    this.#reading = new Reading({
      flowing: () => !this.#paused && !this.#closed,
      partitions: () => parts.owned(),
      handOver: (batch) => parts.handOver(batch),
      advanced: () => this.wake(),
      failed: (partition, error) => parts.troubled([partition], error),
    })
  }

  /** Something changed: a position is known, a partition is free again, a leader was found. */
  wake(): void {
    if (this.#paused || this.#closed) return
    for (const [node, partitions] of this.#askable(this.#fullPlaces())) {
      const lane = LANES.find((each) => !this.#busy.has(`${node}/${each}`))
      if (lane !== undefined) void this.#fetch(node, lane, partitions)
    }
  }

  /** What is on its way is kept, and handed over later. */
  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.wake()
    this.#reading.wake()
  }

  close(): void {
    this.#closed = true
  }

  /** Places for which enough is in hand. */
  #fullPlaces(): ReadonlySet<number> {
    const inHand = new Map<number, number>()
    for (const partition of this.#parts.owned()) {
      const place = this.#parts.placeOf(partition)
      inHand.set(place, (inHand.get(place) ?? 0) + partition.bytesInHand)
    }
    const share = IN_HAND_BYTES / inHand.size
    return new Set([...inHand].flatMap(([place, bytes]) => (bytes > share ? place : [])))
  }

  #askable(full: ReadonlySet<number>): ReadonlyMap<number, OwnedPartition[]> {
    const nodes = new Map<number, OwnedPartition[]>()
    const leaderless: OwnedPartition[] = []
    for (const partition of this.#parts.owned()) {
      if (!partition.askable || full.has(this.#parts.placeOf(partition))) continue
      const leader = this.#parts.topics.leaderOf(partition)
      if (!leader) {
        leaderless.push(partition)
        continue
      }
      const list = nodes.get(leader.leader)
      if (list) list.push(partition)
      else nodes.set(leader.leader, [partition])
    }
    if (leaderless.length > 0) this.#parts.troubled(leaderless, new BrokerError(LEADER_NOT_AVAILABLE))
    return nodes
  }

  async #fetch(node: number, lane: (typeof LANES)[number], partitions: readonly OwnedPartition[]): Promise<void> {
    const key = `${node}/${lane}`
    this.#busy.add(key)
    const asked = this.#inTurn(partitions).map((partition) => this.#ask(partition))
    try {
      const limits = { maxWaitMs: MAX_WAIT[lane], maxBytes: ANSWER_BYTES }
      const answer = await this.#parts.cluster.send(
        node,
        (versions) => ({
          ...fetch(
            asked.map(({ wanted }) => wanted),
            limits,
            versions,
          ),
          timeoutMs: FETCH_TIMEOUT,
        }),
        lane,
      )
      refuse(answer.error)
      this.#take(asked, answer)
    } catch (error) {
      const current = asked.filter(isCurrent)
      for (const { partition } of current) partition.asked = false
      this.#parts.troubled(
        current.map(({ partition }) => partition),
        error,
      )
    } finally {
      this.#busy.delete(key)
    }
    this.wake()
  }

  /** Another partition first each time: the first is served first when the answer is full. */
  #inTurn(partitions: readonly OwnedPartition[]): OwnedPartition[] {
    const first = this.#turn++ % partitions.length
    return [...partitions.slice(first), ...partitions.slice(0, first)]
  }

  #ask(partition: OwnedPartition): Asked {
    const { topic, partition: number, topicId, version, fetchedEpoch, maxBytes } = partition
    const offset = partition.position ?? 0
    const leaderEpoch = this.#parts.topics.leaderOf(partition)?.leaderEpoch ?? NO_EPOCH
    partition.asked = true
    const wanted = { topic, partition: number, topicId, leaderEpoch, offset, fetchedEpoch, maxBytes }
    return { partition, version, wanted }
  }

  #take(asked: readonly Asked[], answer: FetchAnswer): void {
    const records = new AnswerMemory(this.#parts.cluster.pool)
    const answers = new Map(answer.partitions.map((each) => [nameOf(each), each]))
    let whole = true
    for (const each of asked) {
      if (!isCurrent(each)) continue
      const { partition } = each
      partition.asked = false
      const found = answers.get(nameOf(partition))
      if (!found || found.error === 0) {
        if (found?.divergence) this.#parts.diverged(partition, found.divergence)
        else if (found) this.#fetched(each, found, records)
        continue
      }
      whole = false
      if (found.error === OFFSET_OUT_OF_RANGE) this.#parts.outOfRange(partition, each.wanted.offset)
      else this.#parts.troubled([partition], new BrokerError(found.error))
    }
    this.#parts.answered(whole)
    this.#reading.wake()
  }

  #fetched(
    { partition, wanted }: Asked,
    { records, highWatermark, aborted }: FetchedPartition,
    memory: AnswerMemory,
  ): void {
    partition.highWatermark = highWatermark
    if (records.length === 0) return
    const reader = new RecordsReader(records, {
      topic: partition.topic,
      partition: partition.partition,
      epoch: partition.epoch,
      fetchOffset: wanted.offset,
      aborted,
      maxBatchBytes: MAX_BATCH_BYTES,
      pool: this.#parts.cluster.pool,
    })
    if (reader.bytesNeeded > 0) {
      partition.allow(reader.bytesNeeded)
      return
    }
    partition.fetched(reader, records.length, memory.borrow(records))
  }
}

/** The memory of one answer, in which the records of all its partitions lie: given back when all have been read. */
class AnswerMemory {
  readonly #pool: BufferPool
  #readers = 0

  constructor(pool: BufferPool) {
    this.#pool = pool
  }

  /** To be called, for every reader, in the same turn of the loop; the result when it is at its end. */
  borrow(records: Uint8Array): () => void {
    this.#readers++
    return () => {
      if (--this.#readers === 0) this.#pool.give(records)
    }
  }
}

interface Asked {
  readonly partition: OwnedPartition
  readonly version: number
  readonly wanted: Parameters<typeof fetch>[0][number]
}

const isCurrent = ({ partition, version }: Asked): boolean => partition.version === version
