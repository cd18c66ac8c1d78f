import { namespec } from '../../domain/process/spec.ts'
import type { Millis } from '../../domain/time.ts'
import type { Fields } from '../../domain/events.ts'
import type { EventRing } from '../event-ring.ts'
import type { Clock, Timer } from '../ports.ts'
import type { ProcessSnapshot } from '../snapshot.ts'

/** Down for so long: others are to have its partitions. */
export const HOLD: Millis = 60_000
/** RUNNING for so long: a Calculator that dies a moment after each start must not cause a rebalance each time. */
export const STEADY: Millis = 5_000

export interface HoldParts {
  readonly clock: Clock
  readonly events: EventRing
  /** One for each worker; none before the first is added. */
  readonly processes: () => readonly ProcessSnapshot[]
  /** A change is under way that stops and starts it: nothing is decided meanwhile. */
  readonly isChanging: () => boolean
  readonly stream: () => HeldStream | null
}

interface HeldStream {
  readonly standsAside: boolean
  /** False: there is nobody to leave the partitions to. */
  standAside(): Promise<boolean>
  comeBack(): void
}

/** Down, and not about to be tried for the first few times: in a crash loop, or settled without a next start. */
const isDown = ({ state, crashLoop, retryInMs }: ProcessSnapshot): boolean =>
  (crashLoop && state !== 'RUNNING') ||
  (['FATAL', 'EXITED', 'STOPPED', 'UNKNOWN'].includes(state) && retryInMs === null)

/**
 * A Calculator that does not come up keeps its partitions from everybody else: after a while they are left to the other
 * members of the consumer group, and taken back once it runs.
 */
export class CrashLoopHold {
  readonly #parts: HoldParts
  #hold: Timer | null = null
  #steady: Timer | null = null
  #isOver = false

  constructor(parts: HoldParts) {
    this.#parts = parts
  }

  /** To be called whenever something happened to the process, when its turn is through. */
  look(): void {
    const process = this.#bestOff
    if (!process || this.#isOver) return
    const { clock } = this.#parts
    if (process.state === 'RUNNING') {
      // A loop goes on until the Calculator has shown that it stays.
      if (!process.crashLoop) this.#cancelHold()
      this.#steady ??= clock.arm(STEADY, () => this.#runs())
      return
    }
    this.#steady?.cancel()
    this.#steady = null
    if (isDown(process)) this.#hold ??= clock.arm(HOLD, () => void this.#release())
    else this.#cancelHold()
  }

  /** Nothing is given away or taken back any more. */
  stop(): void {
    this.#isOver = true
    this.#cancelHold()
    this.#steady?.cancel()
  }

  /** While one worker gets on, records flow, and the agent keeps what it has. */
  get #bestOff(): ProcessSnapshot | undefined {
    const all = this.#parts.processes()
    return all.find(({ state }) => state === 'RUNNING') ?? all.find((each) => !isDown(each)) ?? all[0]
  }

  #cancelHold(): void {
    this.#hold?.cancel()
    this.#hold = null
  }

  async #release(): Promise<void> {
    const { events, isChanging, stream } = this.#parts
    this.#hold = null
    const held = stream()
    if (!held || held.standsAside) return
    if (isChanging()) {
      this.look()
      return
    }
    const down = this.#bestOff
    if ((await held.standAside()) && stream()?.standsAside === true) {
      const message = 'the Calculator does not run: its partitions are left to other members of the consumer group'
      events.publish('stream.stood-aside', 'error', message, { ...fieldsOf(down), afterMs: HOLD })
    }
    // It may have come up meanwhile.
    this.look()
  }

  #runs(): void {
    this.#cancelHold()
    const { events, stream } = this.#parts
    const held = stream()
    if (!held?.standsAside) return
    held.comeBack()
    const message = 'the Calculator runs again: joining the consumer group'
    events.publish('stream.came-back', 'info', message, fieldsOf(this.#bestOff))
  }
}

const fieldsOf = (process: ProcessSnapshot | undefined): Fields =>
  process ? { process: namespec(process), state: process.state, retries: process.retries } : {}
