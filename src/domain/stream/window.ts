interface Waiting {
  readonly bytes: number
  readonly resolve: (taken: boolean) => void
}

/**
 * The bound on all bytes that are fetched, with the Calculator, or not produced yet. Who wants more waits in line,
 * strictly first come, first served, so that a large batch is not overtaken for ever by small ones.
 */
export class ByteWindow {
  readonly #limit: () => number
  #used = 0
  #waiting: Waiting[] = []
  /** Index of the first that waits. */
  #head = 0

  /** `limit` in bytes; a function where it changes: what is inside already stays. */
  constructor(limit: number | (() => number)) {
    this.#limit = typeof limit === 'number' ? () => limit : limit
  }

  get limit(): number {
    return this.#limit()
  }

  get used(): number {
    return this.#used
  }

  /** How many wait for their place. */
  get waiting(): number {
    return this.#waiting.length - this.#head
  }

  /**
   * Resolves with true once `bytes` have their place: when they fit, or when nothing else is inside (so that one batch
   * larger than the limit passes alone). Resolves with false, and takes nothing, when the wait is cancelled.
   */
  take(bytes: number): Promise<boolean> {
    if (this.waiting === 0 && this.#fits(bytes)) {
      this.#used += bytes
      return Promise.resolve(true)
    }
    return new Promise((resolve) => this.#waiting.push({ bytes, resolve }))
  }

  /** Gives `bytes` back. Throws RangeError when more comes back than was taken: the accounts of the caller are wrong. */
  release(bytes: number): void {
    if (!(bytes <= this.#used)) throw new RangeError(`cannot release ${bytes} bytes: ${this.#used} are taken`)
    this.#used -= bytes
    while (this.#head < this.#waiting.length) {
      const first = this.#waiting[this.#head]
      if (!first || !this.#fits(first.bytes)) return
      this.#head++
      this.#used += first.bytes
      first.resolve(true)
    }
    this.#waiting = []
    this.#head = 0
  }

  /**
   * Answers everyone who waits with false. Who still wants a place (a batch that was not rewound) takes again, and
   * keeps its order if it does so at once.
   */
  cancelWaiting(): void {
    const cancelled = this.#waiting.slice(this.#head)
    this.#waiting = []
    this.#head = 0
    for (const { resolve } of cancelled) resolve(false)
  }

  #fits(bytes: number): boolean {
    return this.#used === 0 || this.#used + bytes <= this.limit
  }
}
