interface Share {
  /** Of the worker's own ledger. */
  epoch: number
  /** Up to here its records were dealt to it; null before the first. */
  next: number | null
  /** The end of the last part that it was given: from there to `next` it has no records. */
  given: number
  /** What it has told last that it has settled. */
  position: number
}

/**
 * What of one partition may be committed whose records are with several workers. Each worker's OffsetLedger holds the
 * law for its own records; this holds it for all of them.
 *
 * Laws, each a property test:
 * 1. `position` never passes a record that a worker was given, or is still to be given, and has not settled.
 * 2. `position` never goes back.
 * 3. When every worker has settled what it was given, `position` is the end of what was dealt.
 * 4. Each worker gets each record of its own from its last rewind on, and gets it once.
 */
export class Shares {
  readonly #shares: ReadonlyMap<number, Share>
  /** The first offset that was dealt to anybody. */
  #begin: number | null = null

  /** `epoch`: of everybody's ledger, at first. */
  constructor(workers: readonly number[], epoch: number) {
    const share = (): Share => ({ epoch, next: null, given: -1, position: -1 })
    this.#shares = new Map(workers.map((worker) => [worker, share()]))
  }

  get workers(): readonly number[] {
    return [...this.#shares.keys()]
  }

  /** The first offset that was dealt; null before. */
  get begin(): number | null {
    return this.#begin
  }

  /** The epoch of the worker's ledger; null for one that has no share. */
  epochOf(worker: number): number | null {
    return this.#shares.get(worker)?.epoch ?? null
  }

  /**
   * From where on the worker is to get its records of offsets [first, next); null where it had them all.
   */
  due(worker: number, first: number, next: number): number | null {
    const share = this.#shares.get(worker)
    if (!share) return null
    const from = Math.max(first, share.next ?? first)
    return from < next ? from : null
  }

  /** The worker is about to get its records of offsets [from, next). `none`: it has none there. */
  dealt(worker: number, from: number, next: number, none: boolean): void {
    const share = this.#shares.get(worker)
    if (!share) return
    this.#begin ??= from
    // One that has settled all it was given is as far as what was dealt, and does not fall behind that any more.
    if (share.position >= share.given) share.position = from
    share.next = next
    if (!none) share.given = next
  }

  /** The worker has settled everything of its own below `position`. False for an epoch that is over. */
  settled(worker: number, epoch: number, position: number): boolean {
    const share = this.#shares.get(worker)
    if (share?.epoch !== epoch) return false
    share.position = Math.max(share.position, position)
    return true
  }

  /** The worker gets its records anew from `offset` on. Gives the offset from which the partition is to be read again. */
  rewound(worker: number, epoch: number, offset: number): number {
    const share = this.#shares.get(worker)
    if (share) {
      share.epoch = epoch
      share.next = offset
      share.given = -1
      share.position = Math.max(share.position, offset)
    }
    return Math.min(...[...this.#shares.values()].map(({ next }) => next ?? this.#begin ?? offset))
  }

  /** The next offset to commit: the least over all workers; null while nothing was dealt. */
  get position(): number | null {
    let least: number | null = null
    for (const share of this.#shares.values()) least = Math.min(least ?? Infinity, this.#positionOf(share))
    return this.#begin === null ? null : least
  }

  /** How far each worker is; null while nothing was dealt. */
  get positions(): readonly number[] | null {
    return this.#begin === null ? null : [...this.#shares.values()].map((share) => this.#positionOf(share))
  }

  #positionOf({ next, given, position }: Share): number {
    return next === null ? (this.#begin ?? 0) : position >= given ? next : position
  }
}
