import type { BufferPool } from '../wire/buffer-pool.ts'

const SIZE_BYTES = 4
const CORRELATION_BYTES = 4
/** Smaller answers do not live long, and are cheap to make. */
const POOLED_FROM = 16 * 1024
/** A broker refuses requests beyond 100 MiB, and we ask for less in an answer: more is no Kafka broker. */
const LARGEST = 256 * 1024 * 1024

/** Puts a broker's answers together from chunks as they come: each byte is copied once, into a frame of its own. */
export class FrameAssembler {
  readonly #pool: BufferPool
  readonly #whole: (correlationId: number, payload: Buffer) => void
  readonly #size = Buffer.alloc(SIZE_BYTES)
  #sizeFilled = 0
  #frame: Buffer | null = null
  #filled = 0

  /** The payload's memory is from `pool`, for whoever has no use of it any more to give back. */
  constructor(pool: BufferPool, whole: (correlationId: number, payload: Buffer) => void) {
    this.#pool = pool
    this.#whole = whole
  }

  /** The chunk is not kept. Throws RangeError for what cannot be an answer. */
  take(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length;) at = this.#frame ? this.#fill(this.#frame, chunk, at) : this.#begin(chunk, at)
  }

  #begin(chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + SIZE_BYTES - this.#sizeFilled)
    this.#size.set(chunk.subarray(at, end), this.#sizeFilled)
    this.#sizeFilled += end - at
    if (this.#sizeFilled < SIZE_BYTES) return end
    const size = this.#size.readInt32BE()
    if (size < CORRELATION_BYTES || size > LARGEST)
      throw new RangeError(`an answer of ${size} bytes is no Kafka answer`)
    this.#sizeFilled = 0
    this.#frame = size < POOLED_FROM ? Buffer.allocUnsafe(size) : this.#pool.take(size)
    this.#filled = 0
    return end
  }

  #fill(frame: Buffer, chunk: Uint8Array, at: number): number {
    const end = Math.min(chunk.length, at + frame.length - this.#filled)
    frame.set(chunk.subarray(at, end), this.#filled)
    this.#filled += end - at
    if (this.#filled < frame.length) return end
    this.#frame = null
    this.#whole(frame.readInt32BE(), frame.subarray(CORRELATION_BYTES))
    return end
  }
}
