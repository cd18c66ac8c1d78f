export interface SpentPiecesOptions {
  /** Size of a piece that may serve again; others are left to the collector. */
  readonly bytes: number
  /** Full ones that wait for their release; beyond that the oldest is left to the collector. */
  readonly spentMax: number
  /** Released ones that wait for their use. */
  readonly freeMax: number
}

/**
 * Memory that is filled from its beginning to its end and handed on in views: a full piece serves again when nobody
 * looks at it any more. What is never released is collected as it would be without this.
 */
export class SpentPieces<Piece extends ArrayBufferView> {
  readonly #options: SpentPiecesOptions
  /** Oldest first. */
  readonly #spent: Piece[] = []
  readonly #free: Piece[] = []

  constructor(options: SpentPiecesOptions) {
    this.#options = options
  }

  /** The piece is full, and views of it may be about. */
  add(piece: Piece): void {
    this.#spent.push(piece)
    if (this.#spent.length > this.#options.spentMax) this.#spent.shift()
  }

  /** One that serves again, with whatever was there before; undefined: there is none. */
  take(): Piece | undefined {
    return this.#free.pop()
  }

  /** Nobody looks any more at what came before `view`, which is of `present`, of a full piece, or of none of these. */
  release({ buffer }: ArrayBufferView, present: Piece): void {
    const isPresent = present.buffer === buffer
    const older = isPresent ? this.#spent.length : this.#spent.findIndex((piece) => piece.buffer === buffer)
    const { bytes, freeMax } = this.#options
    for (const piece of this.#spent.splice(0, Math.max(0, older))) {
      if (piece.byteLength === bytes && this.#free.length < freeMax) this.#free.push(piece)
    }
  }
}
