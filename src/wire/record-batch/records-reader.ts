// Record batches, as a broker stores and sends them, become lines.
import { setImmediate as nextTurn } from 'node:timers/promises'
import { messageOf } from '../../domain/errors.ts'
import type { LineBatch, TopicPartition } from '../../domain/stream/line-batch.ts'
import type { BufferPool } from '../buffer-pool.ts'
import { type AbortedTransaction, AbortedTransactions } from './aborted-transactions.ts'
import { type BatchHeader, CONTROL, readHeader, type Survey, surveyBatches, TRANSACTIONAL } from './batch-header.ts'
import { RecordBatchError, TooLargeError } from './errors.ts'
import { closeBatch, isAbortMarker, openBatch, verifyChecksum } from './opening.ts'
import { type OpenBatch, Piece } from './piece.ts'

export interface ReaderOptions extends TopicPartition {
  /** Goes into the line batches. */
  readonly epoch: number
  /** Records below it are skipped: a broker sends whole batches. */
  readonly fetchOffset: number
  /** Of the Fetch response, in any order; none where uncommitted records are wanted. */
  readonly aborted: readonly AbortedTransaction[]
  /** Largest size of one batch after decompression, bytes. */
  readonly maxBatchBytes: number
  /**
   * Where the memory of the lines is taken from, which a batch's `recycle` gives back, and that of decompressed batches;
   * without it, new each time.
   */
  readonly pool?: BufferPool
}

const NO_PRODUCER = -1n

/**
 * Reads the record bytes of one partition of a Fetch response, piece by piece, so that the caller can let others have
 * their turn in between. Nothing that it gives refers to the response's bytes.
 */
export class RecordsReader {
  readonly #bytes: Buffer
  readonly #options: ReaderOptions
  readonly #survey: Survey
  readonly #aborted: AbortedTransactions
  #at = 0
  #position: number
  #open: OpenBatch | null = null
  /** Of the batch that was opened last. */
  #baseOffset = 0
  /** Thrown by every further `next`. */
  #failure: RecordBatchError | null = null

  constructor(bytes: Buffer, options: ReaderOptions) {
    this.#bytes = bytes
    this.#options = options
    this.#survey = surveyBatches(bytes, options)
    this.#aborted = new AbortedTransactions(options.aborted)
    this.#position = options.fetchOffset
  }

  /** The offset after everything that `next` gave. */
  get position(): number {
    return this.#position
  }

  /** The offset after all whole batches, known at once: where the next fetch begins if nothing here is corrupt. */
  get nextOffset(): number {
    return Math.max(this.#position, this.#survey.nextOffset)
  }

  /** Under which leader the last whole batch was appended; -1: not known. */
  get leaderEpoch(): number {
    return this.#survey.leaderEpoch
  }

  /**
   * 0, or the size, as far as known, of a first batch of which only a part is there: nothing can be read, and the next
   * fetch must allow for at least so many bytes. A part after whole batches just comes again.
   */
  get bytesNeeded(): number {
    return this.#survey.batches === 0 ? this.#survey.partial : 0
  }

  /**
   * The next records, null when all were given. A piece comes from about `maxBytes` of record bytes, or from one record
   * that is larger; its range begins where the last one ended and covers what has no line (control batches, aborted
   * transactions, what compaction removed), so `count` may be 0. One call at a time.
   *
   * Rejects with RecordBatchError; everything before the batch that it names was given then, and further calls bring
   * the same error.
   */
  async next(maxBytes: number): Promise<LineBatch | null> {
    const from = this.#position
    while (this.#hasMore()) {
      const piece = new Piece(from, maxBytes, this.#ahead(), this.#options.pool ?? null)
      while (!piece.full && this.#hasMore()) await this.#advance(piece)
      if (this.#position > from) return piece.finish(this.#options, this.#position)
      // Nothing but records below the fetch offset.
      await nextTurn()
    }
    this.#failure ??= this.#survey.failure
    if (this.#failure) throw this.#failure
    return null
  }

  #hasMore(): boolean {
    return this.#failure === null && (this.#open !== null || this.#at < this.#survey.end)
  }

  /** Bytes not read yet, as they are stored or, in the present batch, decompressed. */
  #ahead(): number {
    const open = this.#open ? this.#open.bytes.length - this.#open.cursor.at : 0
    return open + this.#survey.end - this.#at
  }

  async #advance(piece: Piece): Promise<void> {
    try {
      if (this.#open === null) await this.#openNext(piece)
      if (this.#open !== null) this.#read(this.#open, piece)
    } catch (cause) {
      const { topic, partition } = this.#options
      const fault = cause instanceof TooLargeError ? 'too-large' : 'corrupt'
      const what = messageOf(cause)
      this.#failure = new RecordBatchError(fault, { topic, partition, baseOffset: this.#baseOffset }, what, { cause })
    }
  }

  /** Opens the next batch, or moves past it when no record of it is for the caller. */
  async #openNext(piece: Piece): Promise<void> {
    const header = readHeader(this.#bytes, this.#at)
    this.#baseOffset = header.baseOffset
    await verifyChecksum(this.#bytes, header)
    const { maxBatchBytes, pool = null } = this.#options
    const batch = this.#isAborted(header) ? null : await openBatch(this.#bytes, header, maxBatchBytes, pool)
    if (batch && (header.attributes & CONTROL) === 0) {
      this.#open = batch
    } else {
      if (batch && isAbortMarker(batch)) this.#aborted.ended(header.producerId)
      piece.skipped(header.end - header.at)
      this.#moveTo(header.nextOffset)
    }
    this.#at = header.end
  }

  /** Kafka: CompletedFetch.nextFetchedRecord, isBatchAborted. */
  #isAborted({ attributes, producerId, nextOffset }: BatchHeader): boolean {
    if (producerId === NO_PRODUCER) return false
    this.#aborted.upTo(nextOffset - 1)
    return (attributes & (TRANSACTIONAL | CONTROL)) === TRANSACTIONAL && this.#aborted.has(producerId)
  }

  #read(batch: OpenBatch, piece: Piece): void {
    try {
      piece.read(batch, this.#position)
    } finally {
      this.#moveTo(batch.lastOffset + 1)
    }
    if (batch.left > 0) return
    this.#moveTo(batch.nextOffset)
    closeBatch(batch, this.#options.pool ?? null)
    this.#open = null
  }

  #moveTo(offset: number): void {
    if (offset > this.#position) this.#position = offset
  }
}
