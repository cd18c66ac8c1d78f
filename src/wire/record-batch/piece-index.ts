import { takeFrom, type BufferPool } from '../buffer-pool.ts'

/** Two doubles and a 32-bit integer. */
export const RECORD_BYTES = 20

/** End, offset and time of each line of a piece: three arrays in one memory, which may be from a pool. */
export class PieceIndex {
  readonly capacity: number
  readonly ends: Uint32Array
  readonly offsets: Float64Array
  readonly timestamps: Float64Array
  readonly #memory: Buffer
  readonly #pool: BufferPool | null

  constructor(capacity: number, pool: BufferPool | null) {
    const bytes = capacity * RECORD_BYTES
    const memory = takeFrom(pool)(bytes)
    this.capacity = capacity
    this.offsets = new Float64Array(memory.buffer, 0, capacity)
    this.timestamps = new Float64Array(memory.buffer, 8 * capacity, capacity)
    this.ends = new Uint32Array(memory.buffer, 16 * capacity, capacity)
    this.#memory = memory
    this.#pool = pool
  }

  /** The first `count` entries in an index with more room; this one is of no use any more. */
  widened(count: number, capacity: number): PieceIndex {
    const wider = new PieceIndex(capacity, this.#pool)
    wider.ends.set(this.ends.subarray(0, count))
    wider.offsets.set(this.offsets.subarray(0, count))
    wider.timestamps.set(this.timestamps.subarray(0, count))
    this.recycle()
    return wider
  }

  /** Nobody looks at its arrays any more. */
  recycle(): void {
    this.#pool?.give(this.#memory)
  }
}
