/** A transaction of a Fetch response's list: its records begin at `firstOffset`. */
export interface AbortedTransaction {
  readonly producerId: bigint
  readonly firstOffset: number
}

/** Which transactional batches a reader of committed records must not see (Kafka: CompletedFetch). */
export class AbortedTransactions {
  readonly #waiting: AbortedTransaction[]
  /** Producers whose aborted transaction is under way at the present batch. */
  readonly #open = new Set<bigint>()

  constructor(transactions: readonly AbortedTransaction[]) {
    // The last comes first, to be popped.
    this.#waiting = [...transactions].sort((a, b) => b.firstOffset - a.firstOffset)
  }

  /** Transactions that begin at or before `lastOffset` are under way from now on. */
  upTo(lastOffset: number): void {
    for (let next = this.#waiting.at(-1); next && next.firstOffset <= lastOffset; next = this.#waiting.at(-1)) {
      this.#open.add(next.producerId)
      this.#waiting.pop()
    }
  }

  /** An abort marker of the producer was met: its transaction is over. */
  ended(producerId: bigint): void {
    this.#open.delete(producerId)
  }

  has(producerId: bigint): boolean {
    return this.#open.has(producerId)
  }
}
