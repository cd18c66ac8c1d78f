import { heldBytes, offsetAfter, type LineBatch } from '../../domain/stream/line-batch.ts'
import { startOfLine } from '../../domain/stream/lines.ts'
import { afterWorkedOff, afterWrite, FLOWING, initialPace, isFlowing, type Pace } from '../../domain/stream/pace.ts'
import type { ByteWindow } from '../../domain/stream/window.ts'
import type { Millis } from '../../domain/time.ts'
import type { ChildInput, Clock } from '../ports.ts'
import { wait } from '../waiting.ts'

/** Lines [from, to) of a batch, written at once; the last piece of a batch ends it. */
export interface Piece {
  readonly batch: LineBatch
  readonly from: number
  readonly to: number
  /** The piece's share of the partition: offsets [first, next). */
  readonly first: number
  readonly next: number
  readonly bytes: Uint8Array
}

export interface FeederHooks {
  /** False for a batch whose epoch is over: it is thrown away. */
  accepts(batch: LineBatch): boolean
  /** How many records may be handed over now. */
  allowance(): number
  /** What has to be done before these pieces may be handed over; resolves to false when they may not be any more. */
  before(pieces: readonly Piece[]): Promise<boolean> | null
  /** Called before the bytes are written. */
  handingOver(piece: Piece): void
  /** The child behind `input` closed it or died while `bytes` were written to it; it may have been detached before. */
  failed(bytes: number, input: ChildInput): void
  /** The queue ran empty, or the gate closed, and nothing is being written. */
  rested(): void
}

/** Who may keep the gate closed; it is open when nobody does. */
type HeldBy = 'checkpoint' | 'commit' | 'abort' | 'drain' | 'rebalance' | 'violation'

const POLL_FIRST: Millis = 1
const POLL_MAX: Millis = 20

/**
 * The way in: a queue of line batches, a gate, and one write at a time into the child's stdin, of as much as is there.
 */
export class Feeder {
  readonly #clock: Clock
  readonly #window: ByteWindow
  readonly #hooks: FeederHooks
  readonly #releaseOnWrite: () => boolean
  readonly #queue: { batch: LineBatch; at: number }[] = []
  #input: ChildInput | null = null
  #pace: Pace = initialPace
  readonly #held = new Set<HeldBy>()
  #running = false
  #writing = false
  /** How long writes have waited for the kernel, that is for the child to read. */
  blockedMs: Millis = 0

  /** `releaseOnWrite`: whether bytes leave the window when the pipe has them (relay) or when they are answered. */
  constructor(clock: Clock, window: ByteWindow, hooks: FeederHooks, releaseOnWrite: () => boolean) {
    this.#clock = clock
    this.#window = window
    this.#hooks = hooks
    this.#releaseOnWrite = releaseOnWrite
  }

  /** Nothing queued that could be fed. */
  get empty(): boolean {
    return this.#queue.length === 0
  }

  /** The kernel has not taken all of a piece yet. */
  get writing(): boolean {
    return this.#writing
  }

  /** Nothing is being written, and the child is not waited for. */
  get resting(): boolean {
    return !this.#running
  }

  /** The batch has its place in the window. */
  push(batch: LineBatch): void {
    this.#queue.push({ batch, at: 0 })
    void this.#run()
  }

  /** Feeds a new incarnation; what is queued goes to it. */
  attach(input: ChildInput): void {
    this.#input = input
    this.#pace = initialPace
    void this.#run()
  }

  /** Feeds nobody; what is queued waits. */
  detach(): void {
    this.#input = null
  }

  /** Looks again whether something may be handed over. */
  goOn(): void {
    void this.#run()
  }

  /** Whether this is one of the reasons not to feed. */
  heldBy(by: HeldBy): boolean {
    return this.#held.has(by)
  }

  /** Nothing is handed over until every reason not to is gone. A write that is under way ends. */
  hold(by: HeldBy): void {
    this.#held.add(by)
  }

  /** This is no reason any more. */
  letGo(by: HeldBy): void {
    this.#held.delete(by)
    void this.#run()
  }

  /** Throws away what the hook no longer accepts, so that its place in the window is free for what is fetched again. */
  purge(): void {
    for (let i = this.#queue.length - 1; i >= 0; i--) {
      const entry = this.#queue[i]
      if (!entry || this.#hooks.accepts(entry.batch)) continue
      this.#queue.splice(i, 1)
      this.#window.release(heldBytes(entry.batch, entry.at))
    }
  }

  async #run(): Promise<void> {
    if (this.#running) return
    this.#running = true
    try {
      for (;;) {
        const input = this.#input
        if (this.#held.size > 0 || !input) break
        const pieces = this.#next()
        if (pieces.length === 0) break
        await this.#feed(input, pieces)
      }
    } finally {
      this.#running = false
    }
    this.#hooks.rested()
  }

  /** What is written next: as much as the pace allows, one line at least. */
  #next(): Piece[] {
    this.purge()
    const pieces: Piece[] = []
    let room = Math.min(FLOWING, this.#pace.credit)
    let records = this.#hooks.allowance()
    while (records > 0) {
      const piece = this.#piece(room, records, pieces.length === 0)
      if (!piece) break
      pieces.push(piece)
      room -= piece.bytes.length
      records -= piece.to - piece.from
    }
    return pieces
  }

  /** Lines of the first batch of the queue; null when there is none, or (unless `atLeastOne`) none that has room. */
  #piece(room: number, records: number, atLeastOne: boolean): Piece | null {
    const entry = this.#queue[0]
    if (!entry) return null
    const { batch, at } = entry
    const start = startOfLine(batch, at)
    const limit = start + room
    const most = Math.min(batch.count, at + records)
    let to = at
    if (batch.bytes.length <= limit) to = most
    else while (to < most && (batch.ends[to] ?? 0) <= limit) to++
    if (to === at && at < batch.count) {
      if (!atLeastOne) return null
      to++
    }
    const whole = to >= batch.count
    if (whole) this.#queue.shift()
    else entry.at = to
    return {
      batch,
      from: at,
      to,
      first: at === 0 ? batch.firstOffset : (batch.offsets[at] ?? batch.firstOffset),
      next: whole ? batch.nextOffset : offsetAfter(batch, to - 1),
      bytes: batch.bytes.subarray(start, to === 0 ? 0 : batch.ends[to - 1]),
    }
  }

  async #feed(input: ChildInput, pieces: readonly Piece[]): Promise<void> {
    const bytes = pieces.reduce((sum, piece) => sum + piece.bytes.length, 0)
    const held = pieces.reduce((sum, { batch, from, to }) => sum + heldBytes(batch, from, to), 0)
    const cleared = this.#hooks.before(pieces)
    if (cleared !== null && !((await cleared) && this.#input === input)) {
      this.#putBack(pieces)
      return
    }
    for (const piece of pieces) this.#hooks.handingOver(piece)
    if (bytes === 0) return
    const began = this.#clock.now()
    this.#writing = true
    try {
      await input.write(...pieces.map((piece) => piece.bytes))
    } catch {
      // The child closed its stdin or died: what it did not answer is fetched again when its end is settled.
      if (this.#input === input) this.#input = null
      this.#hooks.failed(bytes, input)
      return
    } finally {
      this.#writing = false
      if (this.#releaseOnWrite()) this.#window.release(held)
    }
    if (this.#releaseOnWrite()) recycleWritten(pieces)
    const wrote = this.#clock.now()
    this.blockedMs += wrote - began
    if (isFlowing(this.#pace)) this.#pace = afterWrite(this.#pace, bytes, wrote - began)
    else await this.#workedOff(input, bytes, wrote)
  }

  #putBack(pieces: readonly Piece[]): void {
    for (const { batch, from } of pieces.toReversed()) {
      const first = this.#queue[0]
      if (first?.batch === batch) first.at = from
      else this.#queue.unshift({ batch, at: from })
    }
  }

  async #workedOff(input: ChildInput, bytes: number, since: Millis): Promise<void> {
    for (let pause = POLL_FIRST; ; pause = Math.min(POLL_MAX, pause * 2)) {
      const unread = input.unread()
      if (unread === null) {
        this.#pace = { credit: FLOWING }
        return
      }
      if (unread <= this.#pace.credit / 2 || this.#input !== input || this.#held.size > 0) break
      await wait(this.#clock, pause)
    }
    if (this.#input === input && this.#held.size === 0) {
      this.#pace = afterWorkedOff(this.#pace, bytes, this.#clock.now() - since)
    }
  }
}

/** The pipe has them, and nobody will ask for them again: they would be fetched anew. */
function recycleWritten(pieces: readonly Piece[]): void {
  for (const { batch, to } of pieces) if (to >= batch.count) batch.recycle?.()
}
