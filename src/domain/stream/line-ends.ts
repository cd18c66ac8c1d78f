import { SpentPieces } from './spent-pieces.ts'

/** Places of a piece, 4 bytes each. */
const PIECE = 64 * 1024

/**
 * Memory for the ends of lines, a large piece at a time: an array of its own for each read would be most of the
 * garbage.
 */
export class LineEnds {
  /** The present piece, of which the places from `used` on are free. */
  places = new Uint32Array(0)
  used = 0
  /** All that an output queue of short lines needs. */
  readonly #spent = new SpentPieces<Uint32Array<ArrayBuffer>>({ bytes: PIECE * 4, spentMax: 8, freeMax: 8 })

  /** The first `count` free places are written to, and that was all there was: they begin a new piece, with room for more. */
  widened(count: number): Uint32Array<ArrayBuffer> {
    const full = this.places
    const wanted = Math.max(PIECE, count * 2)
    const wider = (wanted === PIECE ? this.#spent.take() : undefined) ?? new Uint32Array(wanted)
    wider.set(full.subarray(this.used, this.used + count))
    if (this.used > 0) this.#spent.add(full)
    this.places = wider
    this.used = 0
    return wider
  }

  /** The first `count` free places, free no more. */
  take(count: number): Uint32Array {
    const from = this.used
    this.used += count
    return this.places.subarray(from, this.used)
  }

  /** Nobody looks any more at what was taken before `view`. */
  release(view: Uint32Array): void {
    this.#spent.release(view, this.places)
  }
}
