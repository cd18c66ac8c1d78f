import { Buffering } from './buffering.ts'

/** Checkpoints in a row that must agree, and the records that they must cover together. */
const CHECKPOINTS = 20
const RECORDS = 1000

/** A protocol, or that its lines should leave it one by one. */
export type Advised = 'one-to-one' | 'sink' | 'flush'

/** What a Calculator under relay seems to do. It is only said: nobody but a person changes a protocol or a program. */
export class Advice {
  #seems: Advised | null = null
  #checkpoints = 0
  #records = 0
  readonly #buffering = new Buffering()

  /** What the evidence so far says; null while there is not enough of it. */
  get advised(): Advised | null {
    if (this.#buffering.isSeen) return 'flush'
    return this.#checkpoints >= CHECKPOINTS && this.#records >= RECORDS ? this.#seems : null
  }

  /** Between two checkpoints the Calculator was given `records` and printed `lines`, of `bytes` together. */
  observe(records: number, lines: number, bytes: number): void {
    this.#buffering.observe(lines, bytes)
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
