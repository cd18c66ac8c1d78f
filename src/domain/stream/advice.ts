// Which protocol a Calculator under relay seems to keep. It is only said: nobody but a person changes a protocol.

/** Checkpoints in a row that must agree, and the records that they must cover together. */
const CHECKPOINTS = 20
const RECORDS = 1000

export type Advised = 'one-to-one' | 'sink'

export class Advice {
  #seems: Advised | null = null
  #checkpoints = 0
  #records = 0

  /** What the evidence so far says; null while there is not enough of it. */
  get advised(): Advised | null {
    return this.#checkpoints >= CHECKPOINTS && this.#records >= RECORDS ? this.#seems : null
  }

  /** Between two checkpoints the Calculator was given `records` and printed `lines`. */
  observe(records: number, lines: number): void {
    if (records === 0 && lines === 0) return
    const seems = lines === records ? 'one-to-one' : lines === 0 ? 'sink' : null
    if (seems === null || seems !== this.#seems) {
      this.#checkpoints = 0
      this.#records = 0
    }
    this.#seems = seems
    this.#checkpoints++
    this.#records += records
  }
}
