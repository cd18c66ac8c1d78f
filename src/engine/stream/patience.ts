import type { Millis } from '../../domain/time.ts'
import type { Lane } from './lane.ts'
import type { Activity, Clock, Timer } from '../ports.ts'

const EVERY: Millis = 1000
const WARN_AFTER: Millis = 30_000

export interface PatienceHooks {
  activity(pid: number): Activity
  /** Output is not read for the moment: the silence is ours. */
  outputPaused(): boolean
  /** Nothing was answered, printed or read for long; told once for each silence. */
  slow(lane: Lane, facts: SilenceFacts): void
  /** The time is up. */
  hung(lane: Lane, facts: SilenceFacts): void
}

export interface SilenceFacts {
  readonly seconds: number
  readonly records: number
  readonly unreadBytes: number | null
  /** `busy`: it computes, sleeps, or waits for a disk or a socket. */
  readonly child: Activity['parked']
}

/** The signs of work that are seen from outside: CPU time is none, since an endless loop has plenty. */
interface Signs {
  readonly out: number
  readonly unread: number | null
  readonly inFlight: number
  readonly heartbeats: number
}

/** How long a Calculator may be at work without a sign of it. */
export class Patience {
  readonly #clock: Clock
  readonly #limit: Millis | null
  readonly #hooks: PatienceHooks
  #timer: Timer | null = null

  /** `limit` null: a silent Calculator is only warned about. */
  constructor(clock: Clock, limit: Millis | null, hooks: PatienceHooks) {
    this.#clock = clock
    this.#limit = limit
    this.#hooks = hooks
  }

  /** The lane was given records. */
  fed(lane: Lane): void {
    if (!this.#timer) this.#look(lane, signsOf(lane), this.#clock.now(), false)
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = null
  }

  #look(lane: Lane, before: Signs, since: Millis, warned: boolean): void {
    this.#timer = this.#clock.arm(Math.min(EVERY, this.#limit ?? EVERY), () => {
      this.#timer = null
      if (lane.over || lane.hung || lane.inFlight === 0) return
      const signs = signsOf(lane)
      const now = this.#clock.now()
      if (this.#hooks.outputPaused() || !same(signs, before)) {
        this.#look(lane, signs, now, false)
        return
      }
      const silent = now - since
      const isUp = this.#limit !== null && silent >= this.#limit
      const isSlow = !warned && silent >= WARN_AFTER
      if (isUp || isSlow) {
        const child = this.#hooks.activity(lane.child.pid).parked
        // Nothing ties its lines to records: one that has read everything and waits has done its part.
        if (!lane.answers && signs.unread === 0 && (child === 'stdin' || child === 'waiting')) {
          this.#look(lane, signs, now, false)
          return
        }
        const facts = { seconds: Math.round(silent / 1000), records: lane.inFlight, unreadBytes: signs.unread, child }
        if (isUp) this.#hooks.hung(lane, facts)
        else this.#hooks.slow(lane, facts)
      }
      if (!isUp) this.#look(lane, before, since, warned || isSlow)
    })
  }
}

const signsOf = (lane: Lane): Signs => ({
  out: lane.bytesOut,
  unread: lane.child.stdin.unread(),
  inFlight: lane.inFlight,
  heartbeats: lane.control.heartbeats,
})

const same = (one: Signs, other: Signs): boolean =>
  one.out === other.out &&
  one.unread === other.unread &&
  one.inFlight === other.inFlight &&
  one.heartbeats === other.heartbeats
