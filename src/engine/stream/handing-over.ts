import type { LineBatch } from '../../domain/stream/line-batch.ts'
import type { ProtocolRules } from '../../domain/stream/protocol/protocol.ts'
import type { Millis } from '../../domain/time.ts'
import type { Piece } from './feeder.ts'
import type { Isolation } from './isolation.ts'
import type { Lane } from './lane.ts'
import type { PartitionBook } from './partition-book.ts'
import type { Settling } from './settling.ts'
import type { StreamParts } from './stream-parts.ts'
import { wait } from '../waiting.ts'

const TRY_AGAIN: Millis = 1000
/** A run of PROTOCOL=batch gets no more than this: a crash repeats all of it. */
const BATCH_BYTES = 8 * 1024 * 1024

export interface HandingOverHooks {
  lane(): Lane | null
  rules(): ProtocolRules
  handedOver(lane: Lane): void
  /** Letters before the end of the piece are due. True: offsets below `front` are settled when theirs are stored. */
  letters(piece: Piece, front: number): boolean
}

/** What happens to records at the moment they become the Calculator's. */
export class HandingOver {
  readonly #parts: StreamParts
  readonly #book: PartitionBook
  readonly #isolation: Isolation
  readonly #settling: Settling
  readonly #hooks: HandingOverHooks
  /** With at-most-once: up to which offset records of a batch count as done. */
  readonly #given = new WeakMap<LineBatch, number>()

  constructor(
    parts: StreamParts,
    book: PartitionBook,
    isolation: Isolation,
    settling: Settling,
    hooks: HandingOverHooks,
  ) {
    this.#parts = parts
    this.#book = book
    this.#isolation = isolation
    this.#settling = settling
    this.#hooks = hooks
  }

  /** How many records may be handed over now. */
  allowance(): number {
    const lane = this.#hooks.lane()
    const isFull =
      this.#hooks.rules().settles === 'exit' && this.#parts.replayable && (lane?.bytesIn ?? 0) >= BATCH_BYTES
    return isFull || lane?.inputEnded === true ? 0 : this.#isolation.allowance(lane)
  }

  /** Commits what must be committed before these pieces are handed over; false: they may not be any more. */
  before(pieces: readonly Piece[]): Promise<boolean> | null {
    if (this.#parts.atMostOnce) {
      const at = this.#parts.clock.now()
      for (const { batch, first, next } of pieces) {
        // A Calculator that died while its records were being committed leaves them to the next one.
        if ((this.#given.get(batch) ?? first) > first) continue
        this.#given.set(batch, next)
        this.#book.handedOver(batch, first, next, at)
        this.#book.settle(batch, batch.epoch, first, next, at)
      }
      return this.#committed(pieces)
    }
    if (!this.#isolation.isTrying(pieces)) return null
    // The position of a partition that was never fed here is known from now on.
    for (const { batch, first } of pieces)
      if (this.#book.position(batch) === null) this.#book.handedOver(batch, first, first, this.#parts.clock.now())
    return this.#committed(pieces)
  }

  /** The pipe gets these lines now: they are the incarnation's. */
  handOver(piece: Piece): void {
    const lane = this.#hooks.lane()
    if (!lane) return
    const { batch, from, to, first, next, bytes } = piece
    lane.bytesIn += bytes.length
    lane.recorder.fed(bytes)
    if (lane.answers || !this.#parts.atMostOnce) lane.give(batch, from, to)
    else lane.fedLines += to - from
    this.#hooks.handedOver(lane)
    const at = this.#parts.clock.now()
    if (lane.answers) lane.given.give(batch, to, at)
    else if (this.#hooks.rules().settles === 'checkpoint') lane.given.await(batch, from, to)
    if (this.#parts.atMostOnce || batch.refused !== undefined) return
    this.#book.handedOver(batch, first, next, at)
    const answerable = batch.offsets[from]
    // Tombstones and dead-lettered records in front of the first line have nothing to wait for.
    const skippedUpTo = from === to || answerable === undefined ? next : answerable
    if (this.#hooks.letters(piece, skippedUpTo)) return
    this.#book.settle(batch, batch.epoch, first, skippedUpTo, at)
    if (from === to) this.#settling.commits.soon()
  }

  async #committed(pieces: readonly Piece[]): Promise<boolean> {
    for (;;) {
      const isDone = await this.#settling.commits.now()
      const lane = this.#hooks.lane()
      if (lane?.over !== false || lane.inputEnded || !pieces.every(({ batch }) => this.#book.accepts(batch)))
        return false
      if (isDone) return true
      await wait(this.#parts.clock, TRY_AGAIN)
    }
  }
}
