import { nameOf } from '../domain/stream/line-batch.ts'
import type { Millis } from '../domain/time.ts'
import type { Clock, Timer } from '../engine/ports.ts'
import type { KafkaCluster } from './cluster.ts'
import { explain } from './errors.ts'
import type { OwnedPartition } from './fetch/owned-partition.ts'
import type { KafkaLog } from './log.ts'
import { offsetsAt } from './offset-lookup.ts'
import type { OwnedPartitions } from './owned-partitions.ts'
import { NO_EPOCH, type Divergence } from './protocol/fetch.ts'
import { LATEST } from './protocol/list-offsets.ts'
import type { StartFinder } from './start-finder.ts'
import type { Start } from './start-positions.ts'
import type { Topics } from './topics.ts'

export interface CorrectionParts {
  readonly cluster: KafkaCluster
  readonly topics: Topics
  readonly ownership: OwnedPartitions
  readonly starts: Pick<StartFinder, 'instead' | 'begin' | 'begun' | 'pin'>
  readonly clock: Clock
  readonly log: KafkaLog
  /** The partition has a new epoch: what was handed over belongs to a past that is no more. */
  begunAnew(partition: OwnedPartition): void
  /** There may be something to fetch. */
  wake(): void
  /** Why the partition cannot be corrected now. */
  failed(partition: OwnedPartition, error: unknown): void
}

const LOOK_EVERY: Millis = 10_000

/**
 * What is done when partitions are no more what they were: offsets that are gone, topics made anew, ends that moved.
 */
export class Corrections {
  readonly #parts: CorrectionParts
  #timer: Timer | null = null
  #stopped = false

  constructor(parts: CorrectionParts) {
    this.#parts = parts
  }

  /** Looks every 10 s for what no fetch tells. */
  start(): void {
    if (this.#stopped) return
    this.#timer = this.#parts.clock.arm(LOOK_EVERY, () => void this.#look().finally(() => this.start()))
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }

  /** Ahead, the epoch goes on: what lies between is gone. Behind, offsets begin anew. */
  async outOfRange(partition: OwnedPartition, offset: number): Promise<void> {
    const { version } = partition
    partition.held = true
    try {
      const start = await this.#parts.starts.instead(partition, offset)
      // One that was rewound meanwhile goes on from there.
      if (start && version === partition.version) this.#goOn(partition, offset, start)
      partition.held = false
      this.#parts.wake()
    } catch (error) {
      this.#parts.failed(partition, error)
    }
  }

  #goOn(partition: OwnedPartition, offset: number, start: Start): void {
    const { topic, fetchedEpoch } = partition
    const isOfAnother = start.asWanted && fetchedEpoch !== NO_EPOCH
    const text = `cannot read offset ${offset}: going on at ${start.offset}: ${reasonOf(start, fetchedEpoch)}`
    this.#parts.log(isOfAnother ? 'error' : 'warn', text, {
      event: 'kafka.out-of-range',
      topic,
      partition: partition.partition,
      offset,
      nextOffset: start.offset,
    })
    partition.highWatermark = start.highWatermark
    // Whose log this offset was of is not known.
    partition.fetchedEpoch = NO_EPOCH
    if (start.offset >= offset) {
      partition.position = start.offset
      return
    }
    this.#restart(partition, start.offset)
    void this.#parts.starts.begun(partition, start)
  }

  /**
   * After an unclean leader election the log of the new leader may have ended earlier, and go on otherwise. Whatever we
   * have from there on is no more; what is committed before it holds. Kafka: SubscriptionState.maybeCompleteValidation.
   */
  async diverged(partition: OwnedPartition, divergence: Divergence): Promise<void> {
    const { position, version } = partition
    if (position === null || position <= divergence.endOffset) {
      // Rewound to before it: only the epoch was newer than any that the leader has.
      partition.fetchedEpoch = divergence.epoch
      return
    }
    partition.held = true
    try {
      // Another topic of this name that is read by it is answered for alike.
      await this.#parts.topics.refresh()
      this.compareIds()
      // What an open commit covers must not be read again if it holds: once that is known, the leader is asked again.
      if (partition.dueStart && partition.openCommits.size > 0) await Promise.all(partition.openCommits)
      else if (version === partition.version) this.#cut(partition, position, divergence)
      partition.held = false
      this.#parts.wake()
    } catch (error) {
      this.#parts.failed(partition, error)
    }
  }

  #cut(partition: OwnedPartition, position: number, { epoch, endOffset }: Divergence): void {
    const text = `the log was cut at offset ${endOffset}, by an unclean leader election: what was read behind it is gone`
    this.#parts.log('error', text, {
      event: 'kafka.truncated',
      topic: partition.topic,
      partition: partition.partition,
      offset: position,
      nextOffset: endOffset,
    })
    const { dueStart } = partition
    if (dueStart) {
      // Where reading began is not known to be committed yet, so what is committed may tell less.
      const start = dueStart.offset <= endOffset ? dueStart : { ...dueStart, offset: endOffset, metadata: '' }
      this.#restart(partition, start.offset)
      partition.fetchedEpoch = epoch
      partition.dueStart = start
      void this.#parts.starts.pin([partition])
      return
    }
    this.#restart(partition, null)
    void this.#parts.starts.begin([partition], { cutAt: endOffset })
  }

  #restart(partition: OwnedPartition, offset: number | null): void {
    partition.epoch = this.#parts.ownership.nextEpoch()
    partition.seek(offset)
    partition.dueStart = null
    this.#parts.begunAnew(partition)
  }

  /** A topic with another id was deleted and made again. */
  compareIds(): void {
    const isAnother = ({ topic, topicId, leaving }: OwnedPartition): boolean => {
      const id = this.#parts.topics.find(topic)?.id ?? null
      return !leaving && topicId !== null && id !== null && id !== topicId
    }
    const anew = this.#parts.ownership.list.filter(isAnother)
    if (anew.length === 0) return
    for (const partition of anew) {
      const { topic, handedOver } = partition
      this.#parts.log('warn', `topic ${topic} was deleted and made again: beginning anew`, {
        event: 'kafka.topic-anew',
        topic,
        partition: partition.partition,
        offset: handedOver,
      })
      partition.topicId = null
      this.#restart(partition, null)
    }
    void this.#parts.starts.begin(anew, { anew: true })
  }

  /** What no fetch tells: that a topic is another one by now, and the end of partitions that are not fetched. */
  async #look(): Promise<void> {
    const { cluster, log, topics, ownership } = this.#parts
    if (ownership.list.length === 0) return
    try {
      await topics.refresh()
      this.compareIds()
      const still = ownership.list.filter(({ asked, position }) => !asked && position !== null)
      if (still.length === 0) return
      const ends = await offsetsAt(cluster, topics, still, LATEST)
      for (const partition of still) {
        partition.highWatermark = Math.max(partition.highWatermark, ends.get(nameOf(partition)) ?? 0)
      }
    } catch (error) {
      log('debug', `cannot look at the topics: ${explain(error)}`, { event: 'kafka.look' })
    }
  }
}

/**
 * Why an offset could not be read. One that is there was asked for with an epoch newer than any of the log. That does not
 * prove another log, as a leader that was left behind answers so, too: hence nothing begins anew. Kafka:
 * Partition.readRecords.
 */
function reasonOf(start: Start, fetchedEpoch: number): string {
  if (!start.asWanted) return start.reason
  if (fetchedEpoch === NO_EPOCH) return 'it is there by now'
  return (
    `what is before it was read in leader epoch ${fetchedEpoch}, and this log has none as new: ` +
    'if the topic was made anew, its records up to there are passed over'
  )
}
