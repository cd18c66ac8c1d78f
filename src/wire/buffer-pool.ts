/** Less is cheap to make and to collect, and would waste much by being rounded up. */
const LEAST = 16 * 1024
/** Sizes are rounded up to multiples of these, so that what was given back fits what is asked for next. */
const SMALL_STEP = 16 * 1024
const LARGE_STEP = 128 * 1024
/** A buffer so much larger than asked for serves, too. */
const MOST_TIMES = 1.5

/** A buffer of so many bytes, with whatever was there before. */
export type Take = (bytes: number) => Buffer

/** From the pool, or, where there is none, new each time. */
export const takeFrom =
  (pool: BufferPool | null): Take =>
  (bytes) =>
    pool?.take(bytes) ?? Buffer.allocUnsafeSlow(bytes)

/**
 * Large buffers that serve again. The collector counts the memory of buffers as if it were its own heap: a path that
 * makes new ones for every batch has the whole heap marked again and again for the sake of a few live objects.
 * What is never given back is collected as ever: giving back is a favour, but whoever does it has no view left.
 */
export class BufferPool {
  readonly #keep: number
  readonly #lent = new WeakSet<ArrayBufferLike>()
  /** Oldest first. */
  #free: ArrayBufferLike[] = []
  #freeBytes = 0

  /** `keep`: bytes that may lie here unused. */
  constructor(keep: number) {
    this.#keep = keep
  }

  /** A buffer of that length, at the beginning of memory of its own, with whatever was there before. */
  take(length: number): Buffer {
    if (length < LEAST) return Buffer.allocUnsafeSlow(length)
    const step = length < LARGE_STEP ? SMALL_STEP : LARGE_STEP
    const size = Math.ceil(length / step) * step
    const found = this.#free.findIndex(({ byteLength }) => byteLength >= size && byteLength <= size * MOST_TIMES)
    const [memory = Buffer.allocUnsafeSlow(size).buffer] = found < 0 ? [] : this.#free.splice(found, 1)
    if (found >= 0) this.#freeBytes -= memory.byteLength
    this.#lent.add(memory)
    return Buffer.from(memory, 0, length)
  }

  /** Takes back the memory under `bytes`; what is not from here, or was given back before, is left alone. */
  give({ buffer }: Uint8Array): void {
    if (!this.#lent.delete(buffer)) return
    this.#free.push(buffer)
    this.#freeBytes += buffer.byteLength
    while (this.#freeBytes > this.#keep) this.#freeBytes -= this.#free.shift()?.byteLength ?? 0
  }
}
