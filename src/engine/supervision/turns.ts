/** One event at a time: what a turn brings about (an effect, an owner, a listener) waits for its end. */
export class Turns {
  readonly #waiting: (() => unknown)[] = []
  #turning = false

  /** A turn is on. */
  get turning(): boolean {
    return this.#turning
  }

  /** Now, with all that follows from it; in the middle of a turn: after it. */
  enqueue(turn: () => unknown): void {
    if (this.#turning) this.#waiting.push(turn)
    else this.take(turn)
  }

  /** The very next turn. */
  next(turn: () => unknown): void {
    this.#waiting.unshift(turn)
  }

  /** Only between turns: the result of the first, when all that followed is done. */
  take<T>(first: () => T): T {
    this.#turning = true
    try {
      const result = first()
      for (let turn = this.#waiting.shift(); turn !== undefined; turn = this.#waiting.shift()) turn()
      return result
    } finally {
      this.#turning = false
    }
  }
}
