import type { TopicPartition } from '../../domain/stream/line-batch.ts'
import type { RecordsReader } from '../../wire/record-batch/records-reader.ts'
import { NO_EPOCH } from '../protocol/fetch.ts'

/** Enough for one of a producer's large batches, little enough for many partitions. */
const PARTITION_BYTES = 512 * 1024
/** A record batch that is larger cannot be read: this is ten times what brokers take by default. */
const MAX_PARTITION_BYTES = 16 * 1024 * 1024

/** A start that is to be committed, with what is beside it: one object, however often it is raised. */
export interface DueStart {
  offset: number
  metadata: string
  /** The committed offset that it is to replace; -1: there was none; null: not known. */
  insteadOf: number | null
  /** Of the topic in which it was found. */
  readonly topicId: string | null
}

/** One partition that is ours, and how far it was asked for, fetched and handed over. */
export class OwnedPartition implements TopicPartition {
  readonly topic: string
  readonly partition: number
  epoch: number
  /** The id under which the topic's records are read; null where brokers have none. */
  topicId: string | null = null
  /** Where the next fetch begins; null: not known, and not fetched before. */
  position: number | null = null
  /** The newest leader epoch in which anything before `position` was appended, as far as known. */
  fetchedEpoch = NO_EPOCH
  /** The offset after what was handed over. */
  handedOver: number | null = null
  highWatermark = 0
  maxBytes = PARTITION_BYTES
  /** A fetch for it is under way. */
  asked = false
  /** Something has to be found out first: who leads it, or whether it exists. */
  held = false
  /** Given away: nothing is fetched any more. */
  leaving = false
  /** What was fetched last could not be read. */
  damaged = false
  /** Where its reading began, while that is still to be committed: see StartFinder. */
  dueStart: DueStart | null = null
  /** The one that was still due when the partition was lost, until it is known whether that is of use. */
  formerStart: DueStart | null = null
  /** One for each commit of which it is not known yet whether it holds: resolves when it is. */
  readonly openCommits = new Set<Promise<undefined>>()
  /** A batch of it waits for its place in the window. */
  handing = false
  /** What is being read, and what was fetched meanwhile. */
  reader: RecordsReader | null = null
  next: RecordsReader | null = null
  #readingBytes = 0
  #nextBytes = 0
  #readingOver: (() => void) | null = null
  #nextOver: (() => void) | null = null
  #version = 0

  constructor({ topic, partition }: TopicPartition, epoch: number) {
    this.topic = topic
    this.partition = partition
    this.epoch = epoch
  }

  /** Changes whenever what was asked for, fetched or handed over before is void. */
  get version(): number {
    return this.#version
  }

  /** It may be asked for: a position is known, and nothing of it is on its way or waits to be read. */
  get askable(): boolean {
    return this.position !== null && !this.asked && !this.held && !this.leaving && this.next === null
  }

  /** Something is there to be handed over, and nothing is being. */
  get readable(): boolean {
    return !this.handing && !this.leaving && (this.reader !== null || this.next !== null)
  }

  /** Fetched and not read to the end. */
  get bytesInHand(): number {
    return this.#readingBytes + this.#nextBytes
  }

  /** Records not handed over yet; null while not known. */
  get lag(): number | null {
    return this.handedOver === null ? null : Math.max(0, this.highWatermark - this.handedOver)
  }

  /** Fetches again from `offset`; null: from where is not known yet. */
  seek(offset: number | null): void {
    this.#version++
    // Only a way back leads over what was fetched.
    if (offset === null || this.position === null || offset > this.position) this.fetchedEpoch = NO_EPOCH
    this.position = offset
    this.handedOver = offset
    this.asked = false
    this.handing = false
    this.reader = null
    this.next = null
    this.#readingBytes = 0
    this.#nextBytes = 0
    this.#readingOver = null
    this.#nextOver = null
  }

  /** Nothing is fetched any more; what is still committed has the epoch of what was. */
  leave(): void {
    const { fetchedEpoch } = this
    this.seek(null)
    this.fetchedEpoch = fetchedEpoch
    this.leaving = true
  }

  /** Its topic is not there. Where no id tells, another log may come under its name: the epochs of this one say nothing of it. */
  missing(): void {
    if (this.topicId === null) this.fetchedEpoch = NO_EPOCH
  }

  /** An answer came; the next fetch begins behind it. `over` is called when it has been read to the end. */
  fetched(next: RecordsReader, bytes: number, over: () => void): void {
    this.position = next.nextOffset
    this.fetchedEpoch = Math.max(this.fetchedEpoch, next.leaderEpoch)
    this.next = next
    this.#nextBytes = bytes
    this.#nextOver = over
  }

  /** What was read so far is at its end: begins to read what was fetched last, if anything was. */
  turnOver(): void {
    this.#readingOver?.()
    this.#readingOver = this.#nextOver
    this.#nextOver = null
    this.reader = this.next
    this.#readingBytes = this.#nextBytes
    this.next = null
    this.#nextBytes = 0
  }

  /** A batch did not fit into what was asked for. */
  allow(bytes: number): void {
    this.maxBytes = Math.min(MAX_PARTITION_BYTES, Math.max(bytes, this.maxBytes * 2))
  }
}
