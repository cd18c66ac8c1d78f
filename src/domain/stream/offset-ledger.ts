// What of one partition may be committed. Nothing else in the agent decides that.
//
// Laws, each a property test:
// 1. `position` never passes an offset that was handed over in this epoch and is not settled.
// 2. `position` never goes back, neither within an epoch nor by a restart.
// 3. When everything is settled, `position` is the end of what was handed over.
// 4. A settlement of an epoch that is over changes nothing: every settlement names its epoch.
// 5. What a restart left unsettled is unsettled again as soon as it is handed over again.

/** Entries before the first live range are dropped once there are this many of them. */
const SPENT_MAX = 64

/**
 * Offsets of one partition that are handed over to a Calculator and not settled yet, as sorted ranges [first, next)
 * that never touch. Hand-overs that continue each other share a range, so that a checkpoint's worth of records needs
 * one; settling in order costs O(1). Offsets between two ranges do not exist, or were settled.
 */
export class OffsetLedger {
  #epoch: number
  #firsts: number[] = []
  #nexts: number[] = []
  /** Index of the first live range. */
  #head = 0
  #end: number | null = null
  #unsettled = 0

  constructor(epoch: number) {
    this.#epoch = epoch
  }

  get epoch(): number {
    return this.#epoch
  }

  /**
   * The offsets [first, next) are now with the Calculator. Gaps before `first` are offsets that do not exist
   * (compaction, transaction markers). Throws RangeError when the range lies below what this epoch has already seen.
   */
  handedOver(first: number, next: number): void {
    if (!(first <= next) || (this.#end !== null && first < this.#end)) {
      throw new RangeError(`cannot hand over offsets [${first}, ${next}) after ${this.#end ?? 'none'}: rewind first`)
    }
    this.#end = next
    if (first === next) return
    this.#unsettled += next - first
    const last = this.#nexts.length - 1
    if (last >= this.#head && this.#nexts[last] === first) {
      this.#nexts[last] = next
    } else {
      this.#firsts.push(first)
      this.#nexts.push(next)
    }
  }

  /** Whatever of [first, next) is outstanding is settled; a call for an epoch that is over is ignored. */
  settle(epoch: number, first: number, next: number): void {
    if (epoch !== this.#epoch) return
    let at = this.#rangeEndingAfter(first)
    while (at < this.#firsts.length) {
      const from = this.#firsts[at] ?? 0
      const to = this.#nexts[at] ?? 0
      const cutFrom = Math.max(from, first)
      const cutTo = Math.min(to, next)
      if (cutFrom >= cutTo) return
      this.#unsettled -= cutTo - cutFrom
      if (cutFrom > from && cutTo < to) {
        this.#nexts[at] = cutFrom
        this.#firsts.splice(at + 1, 0, cutTo)
        this.#nexts.splice(at + 1, 0, to)
        return
      }
      if (cutFrom > from) this.#nexts[at++] = cutFrom
      else if (cutTo < to) this.#firsts[at++] = cutTo
      else if (at === this.#head) at = this.#dropHead()
      else {
        this.#firsts.splice(at, 1)
        this.#nexts.splice(at, 1)
      }
    }
  }

  /** The next offset to commit; null while nothing was ever handed over. */
  position(): number | null {
    return this.#firsts[this.#head] ?? this.#end
  }

  /** The offset after the last one handed over; null while nothing was ever handed over. */
  end(): number | null {
    return this.#end
  }

  /** Offsets outstanding, tombstones and other offsets inside a handed-over range included. */
  unsettled(): number {
    return this.#unsettled
  }

  /**
   * Begins a new epoch: what is outstanding will be fetched again from `position()`, which stays. Throws RangeError
   * unless `epoch` is newer.
   */
  restart(epoch: number): void {
    if (!(epoch > this.#epoch)) throw new RangeError(`cannot restart epoch ${this.#epoch} as ${epoch}: not newer`)
    this.#epoch = epoch
    this.#end = this.position()
    this.#forget()
  }

  #forget(): void {
    this.#firsts = []
    this.#nexts = []
    this.#head = 0
    this.#unsettled = 0
  }

  /** Index of the first live range that ends after `offset`. */
  #rangeEndingAfter(offset: number): number {
    let low = this.#head
    // Answers come mostly in order: the first range is nearly always the one.
    if ((this.#nexts[low] ?? Infinity) > offset) return low
    let high = this.#nexts.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#nexts[middle] ?? 0) > offset) high = middle
      else low = middle + 1
    }
    return low
  }

  #dropHead(): number {
    this.#head++
    if (this.#head >= SPENT_MAX && this.#head * 2 >= this.#firsts.length) {
      this.#firsts.splice(0, this.#head)
      this.#nexts.splice(0, this.#head)
      this.#head = 0
    }
    return this.#head
  }
}
