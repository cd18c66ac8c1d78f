// Memory for the ends of lines, a large piece at a time: an array of its own for each read would be most of the garbage.

/** Places of a piece, 4 bytes each. */
const PIECE = 64 * 1024
/** Pieces that wait for their release, all that an output queue of short lines needs; beyond that the collector has the oldest. */
const RETIRED_MAX = 8
/** Pieces that wait for their use. */
const FREE_MAX = 8

export class LineEnds {
  /** The present piece, of which the places from `used` on are free. */
  places = new Uint32Array(0)
  used = 0
  /** Full ones, oldest first, of which views may be about. */
  #retired: Uint32Array<ArrayBuffer>[] = []
  readonly #free: Uint32Array<ArrayBuffer>[] = []

  /** The first `count` free places are written to, and that was all there was: they begin a new piece, with room for more. */
  widened(count: number): Uint32Array<ArrayBuffer> {
    const full = this.places
    const wanted = Math.max(PIECE, count * 2)
    const wider = (wanted === PIECE ? this.#free.pop() : undefined) ?? new Uint32Array(wanted)
    wider.set(full.subarray(this.used, this.used + count))
    if (this.used > 0) this.#retired.push(full)
    if (this.#retired.length > RETIRED_MAX) this.#retired.shift()
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
  release({ buffer }: Uint32Array): void {
    const isPresent = this.places.buffer === buffer
    const older = isPresent ? this.#retired.length : this.#retired.findIndex((piece) => piece.buffer === buffer)
    for (const piece of this.#retired.splice(0, Math.max(0, older))) {
      if (piece.length === PIECE && this.#free.length < FREE_MAX) this.#free.push(piece)
    }
  }
}
