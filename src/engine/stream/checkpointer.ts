import type { Millis } from '../../domain/time.ts'
import type { Feeder } from './feeder.ts'
import type { Lane } from './lane.ts'
import type { PartitionBook, Position } from './partition-book.ts'
import { QUIET_ASSUMED, QUIET_PROVEN, quiescence, type Quiescence } from './quiescence.ts'
import type { Activity, Clock, Timer } from '../ports.ts'

export interface CheckpointHooks {
  activity(pid: number): Activity
  outputPaused(): boolean
  /** The child has finished everything in `claim`, which is watched for since `began`. Resolves when its outputs so far are acknowledged and it is settled. */
  reached(claim: readonly Position[], quality: 'proven' | 'assumed', began: Millis): Promise<void>
  missed(): void
  /** A line's beginning came, and the child waits for more input: its stdout is block-buffered. */
  blockBuffered(lane: Lane): void
}

/** A checkpoint that was seen; `settled` resolves when its outputs are stored and it is committed. */
interface Reached {
  readonly settled: Promise<void>
}

/** How long nothing must be fed before a checkpoint is tried for free. */
const IDLE_AFTER: Millis = 20
/** Feeding is held for at most one part in twenty of the time. */
const FEED_PER_HOLD = 19
const HOLD_LIMIT: Millis = 10_000
const HOLD_LIMIT_MAX: Millis = 120_000

/**
 * Relay's commits: nothing is known of single records, so now and then the child is seen to have finished everything.
 */
export class Checkpointer {
  readonly #clock: Clock
  readonly #interval: Millis
  readonly #feeder: Pick<Feeder, 'hold' | 'letGo' | 'resting'>
  readonly #book: PartitionBook
  readonly #hooks: CheckpointHooks
  #lane: Lane | null = null
  #due: Timer | null = null
  #idle: Timer | null = null
  #attempt = 0
  #holding = false
  #quiet: Millis = QUIET_PROVEN
  #holdLimit = HOLD_LIMIT
  #restWaiters: (() => void)[] = []
  /** Of each drain that is on: whether it is late. */
  readonly #drains = new Set<() => boolean>()
  /** The watch that all of them wait for: of two, each would end the other's for ever. */
  #drainWatch: Promise<Reached | null> | null = null

  constructor(
    clock: Clock,
    interval: Millis,
    feeder: Pick<Feeder, 'hold' | 'letGo' | 'resting'>,
    book: PartitionBook,
    hooks: CheckpointHooks,
  ) {
    this.#clock = clock
    this.#interval = interval
    this.#feeder = feeder
    this.#book = book
    this.#hooks = hooks
  }

  /** Feeding is held, so that the Calculator can be seen to finish. */
  get holding(): boolean {
    return this.#holding
  }

  /** A new incarnation. */
  attach(lane: Lane): void {
    this.#lane = lane
    this.#holdLimit = HOLD_LIMIT
  }

  /** No incarnation is watched any more. */
  detach(): void {
    this.#lane = null
    this.#attempt++
    this.#drainWatch = null
    this.#due?.cancel()
    this.#due = null
    this.#idle?.cancel()
    this.#idle = null
  }

  /** The incarnation was given records: a checkpoint is due from now on. */
  fed(): void {
    this.#idle?.cancel()
    this.#idle = null
    this.#due ??= this.#clock.arm(Math.max(this.#interval, FEED_PER_HOLD * this.#quiet), () => {
      this.#due = null
      void this.#scheduled()
    })
  }

  /** Nothing is being handed over: a checkpoint costs nothing now. */
  rested(): void {
    for (const wake of this.#restWaiters.splice(0)) wake()
    if (this.#holding || this.#lane?.checkable !== true || this.#book.unsettled() === 0) return
    this.#idle ??= this.#clock.arm(IDLE_AFTER, () => {
      this.#idle = null
      void this.#whileIdle()
    })
  }

  /**
   * Resolves when a checkpoint is settled, none can be had, `until` has come or `over` is aborted. Feeding is held by the
   * caller.
   */
  async drain(until: Millis, over?: AbortSignal): Promise<void> {
    const late = (): boolean => over?.aborted === true || this.#clock.now() >= until
    this.#drains.add(late)
    try {
      while (this.#lane?.checkable === true && !late() && this.#book.unsettled() > 0) {
        const reached = await this.#watchForDrains()
        if (reached === null) continue
        await reached.settled
        return
      }
    } finally {
      this.#drains.delete(late)
    }
  }

  /** It lasts while one of the drains is not late. */
  #watchForDrains(): Promise<Reached | null> {
    if (this.#drainWatch) return this.#drainWatch
    const watch = this.#try(() => [...this.#drains].every((late) => late())).finally(() => {
      // By then another incarnation may be watched.
      if (this.#drainWatch === watch) this.#drainWatch = null
    })
    this.#drainWatch = watch
    return watch
  }

  async #whileIdle(): Promise<void> {
    const lane = this.#lane
    if (!lane || this.#holding) return
    const fed = lane.fedLines
    await this.#try(() => lane.fedLines !== fed || this.#holding)
  }

  async #scheduled(): Promise<void> {
    if (this.#holding || this.#lane?.checkable !== true || this.#book.unsettled() === 0) return
    this.#holding = true
    this.#feeder.hold('checkpoint')
    const end = this.#clock.now() + this.#holdLimit
    try {
      await this.#rest()
      const reached = await this.#try(() => this.#clock.now() >= end)
      if (!reached && this.#clock.now() >= end) {
        this.#holdLimit = Math.min(HOLD_LIMIT_MAX, this.#holdLimit * 2)
        this.#hooks.missed()
      }
    } finally {
      // Feeding goes on at once: the acknowledgements are waited for meanwhile.
      this.#holding = false
      this.#feeder.letGo('checkpoint')
    }
  }

  /** One watch; a newer one ends an older one. */
  async #try(giveUp: () => boolean): Promise<Reached | null> {
    const lane = this.#lane
    if (lane?.checkable !== true) return null
    const mine = ++this.#attempt
    const fed = lane.fedLines
    const began = this.#clock.now()
    const interrupted = (): boolean => this.#attempt !== mine || lane.over || !lane.checkable || giveUp()
    const quality: Quiescence = await quiescence({
      clock: this.#clock,
      child: lane.child,
      activity: () => this.#hooks.activity(lane.child.pid),
      outputSeen: () => lane.bytesOut,
      outputPaused: () => this.#hooks.outputPaused(),
      interrupted,
    })
    if (quality === 'interrupted' || interrupted() || lane.fedLines !== fed || !this.#feeder.resting) return null
    if (lane.partialLength > 0) {
      this.#hooks.blockBuffered(lane)
      return null
    }
    this.#quiet = quality === 'proven' ? QUIET_PROVEN : QUIET_ASSUMED
    this.#holdLimit = HOLD_LIMIT
    return { settled: this.#hooks.reached(this.#book.outstanding(), quality, began) }
  }

  async #rest(): Promise<void> {
    while (!this.#feeder.resting && this.#lane) await new Promise<void>((resolve) => this.#restWaiters.push(resolve))
  }
}
