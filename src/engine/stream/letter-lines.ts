import type { DeadLetter } from '../../domain/stream/value-batch.ts'
import type { Millis } from '../../domain/time.ts'
import type { Clock, Timer } from '../ports.ts'

/** Told one by one of each reason, until the while is over. */
const EACH = 20
const WHILE: Millis = 10_000

export interface LetterTeller {
  each(letter: DeadLetter): void
  /** So many of that reason were not told. */
  more(reason: string, records: number): void
}

/**
 * What the log says of dead letters: the first ones line by line, the rest of a while as a count. A topic of garbage must
 * not become a log of the same size; every letter is where letters are stored, with its reason.
 */
export class LetterLines {
  readonly #clock: Clock
  readonly #tell: LetterTeller
  /** Of this while. */
  readonly #counts = new Map<string, number>()
  #end: Timer | null = null

  constructor(clock: Clock, tell: LetterTeller) {
    this.#clock = clock
    this.#tell = tell
  }

  /** These went to the dead letters. */
  add(letters: readonly DeadLetter[]): void {
    for (const letter of letters) {
      const count = (this.#counts.get(letter.reason) ?? 0) + 1
      this.#counts.set(letter.reason, count)
      if (count <= EACH) this.#tell.each(letter)
    }
    if (letters.length > 0) this.#end ??= this.#clock.arm(WHILE, () => this.close())
  }

  /** The while is over: what was not told is counted. */
  close(): void {
    this.#end?.cancel()
    this.#end = null
    for (const [reason, count] of this.#counts) if (count > EACH) this.#tell.more(reason, count - EACH)
    this.#counts.clear()
  }
}
