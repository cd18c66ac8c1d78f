import { nameOf, type TopicPartition } from '../stream/line-batch.ts'

/** Where a partition would be committed now. */
export interface PartitionStanding {
  readonly epoch: number
  /** null while nothing was handed over in this epoch. */
  readonly position: number | null
}

/**
 * `clean`: it may be committed. `early`: not yet; records are still in work. `void`: never, since a partition is read
 * again, or by somebody else.
 */
export type ExtentVerdict = 'clean' | 'early' | 'void'

interface Reach extends TopicPartition {
  /** null: of several, of which all but one are over. */
  epoch: number | null
  /** The offset after the last record that something was written for. */
  end: number
}

/**
 * What the output of an open transaction may stem from. It decides whether the transaction may be committed.
 *
 * The law: a transaction is committed only when the positions that go with it lie at or past everything that its
 * output may stem from. Then whoever reads the input again from there repeats nothing of that output, and misses none.
 */
export class TransactionExtent {
  readonly #reaches = new Map<string, Reach>()
  /** Lines that could stem from any record that was handed over before them. */
  #unattributed = false

  get isEmpty(): boolean {
    return this.#reaches.size === 0 && !this.#unattributed
  }

  /** Something is written for the record before offset `end`. */
  reaches({ topic, partition, epoch }: TopicPartition & { readonly epoch: number }, end: number): void {
    const name = nameOf({ topic, partition })
    const known = this.#reaches.get(name)
    if (!known) this.#reaches.set(name, { topic, partition, epoch, end })
    else if (known.epoch === epoch) known.end = Math.max(known.end, end)
    else known.epoch = null
  }

  reachesAnything(): void {
    this.#unattributed = true
  }

  touches(partition: TopicPartition): boolean {
    return this.#unattributed || this.#reaches.has(nameOf(partition))
  }

  clear(): void {
    this.#reaches.clear()
    this.#unattributed = false
  }

  /** `standing`: of a partition that is ours, else null. `idle`: nothing that was handed over is in work. */
  verdict(standing: (at: TopicPartition) => PartitionStanding | null, idle: boolean): ExtentVerdict {
    let verdict: ExtentVerdict = this.#unattributed && !idle ? 'early' : 'clean'
    for (const reach of this.#reaches.values()) {
      const now = standing(reach)
      if (now?.epoch !== reach.epoch) return 'void'
      if (now.position === null || now.position < reach.end) verdict = 'early'
    }
    return verdict
  }
}
