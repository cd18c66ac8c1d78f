import type { Millis } from '../../domain/time.ts'
import type { Lane } from './lane.ts'
import type { Clock, Timer } from '../ports.ts'

/** Records that come within so long belong to the same batch. */
const LINGER: Millis = 100

/** PROTOCOL=batch: when what the Calculator was given is a whole batch, and its input ends. */
export class BatchRuns {
  readonly #clock: Clock
  readonly #isResting: () => boolean
  #timer: Timer | null = null

  /** `isResting`: nothing is being handed over, and nothing waits for the child to read. */
  constructor(clock: Clock, isResting: () => boolean) {
    this.#clock = clock
    this.#isResting = isResting
  }

  /** `isFull`: no more records may come to this run. */
  rested(lane: Lane, isFull: boolean): void {
    if (lane.over || lane.inputEnded || lane.fedLines === 0 || !this.#isResting()) return
    if (isFull) {
      this.stop()
      lane.endInput()
      return
    }
    const fed = lane.fedLines
    this.#timer ??= this.#clock.arm(LINGER, () => {
      this.#timer = null
      if (lane.over || lane.inputEnded || !this.#isResting()) return
      if (lane.fedLines === fed) lane.endInput()
      else this.rested(lane, false)
    })
  }

  stop(): void {
    this.#timer?.cancel()
    this.#timer = null
  }
}
