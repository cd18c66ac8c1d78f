// Letters of input records that wait for the records before them: with exactly-once they are written when the stream has
// come to them, in the transaction that moves the position past them.
import { nameOf, type LineBatch, type TopicPartition } from '../../domain/stream/line-batch.ts'
import type { DeadLetter } from '../../domain/stream/value-batch.ts'

/** A letter, and the offset of its record. */
export interface LetterAt {
  readonly letter: DeadLetter
  readonly offset: number
}

interface Held extends LetterAt {
  readonly at: TopicPartition & { readonly epoch: number }
}

/** Bytes of the values. */
export const bytesOf = (letters: readonly LetterAt[]): number =>
  letters.reduce((sum, { letter }) => sum + letter.value.length, 0)

/** Their bytes are in the window as long as they are held. */
export class HeldLetters {
  readonly #released: (bytes: number) => void
  readonly #held = new Map<string, readonly Held[]>()

  constructor(released: (bytes: number) => void) {
    this.#released = released
  }

  /** Letters of records of this batch, or before it. */
  hold(batch: LineBatch, letters: readonly LetterAt[]): void {
    if (letters.length === 0) return
    const { topic, partition, epoch } = batch
    const added = letters.map((each) => ({ ...each, at: { topic, partition, epoch } }))
    this.#held.set(nameOf(batch), [...(this.#held.get(nameOf(batch)) ?? []), ...added])
  }

  /** Takes those of the batch's partition below offset `next`; those of another epoch are dropped. */
  take(batch: LineBatch, next: number): readonly LetterAt[] {
    const taken: Held[] = []
    this.#keep(nameOf(batch), (each) => {
      const isOurs = each.at.epoch === batch.epoch
      if (isOurs && each.offset < next) taken.push(each)
      return isOurs && each.offset >= next
    })
    return taken
  }

  /** Drops those that `accepts` does not want any more: their records are read again, here or elsewhere. */
  purge(accepts: (at: TopicPartition & { readonly epoch: number }) => boolean): void {
    for (const name of this.#held.keys()) this.#keep(name, ({ at }) => accepts(at))
  }

  #keep(name: string, isKept: (held: Held) => boolean): void {
    const held = this.#held.get(name)
    if (!held) return
    const kept = held.filter(isKept)
    if (kept.length > 0) this.#held.set(name, kept)
    else this.#held.delete(name)
    const bytes = bytesOf(held) - bytesOf(kept)
    if (bytes > 0) this.#released(bytes)
  }
}
