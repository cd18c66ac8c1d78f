/** Work that is done one after the other, in the order it was asked for. What fails holds up nothing. */
export class Serial {
  #last: Promise<void> = Promise.resolve()

  /** Begins when everything asked for before has ended, well or not; settles as `work` does. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work)
    this.#last = turn.then(
      () => undefined,
      () => undefined,
    )
    return turn
  }

  /** Resolves when everything asked for so far has ended, well or not. */
  settled(): Promise<void> {
    return this.#last
  }
}
