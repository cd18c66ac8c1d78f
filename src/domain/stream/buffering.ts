/** What C libraries and language runtimes use for a pipe. */
const BUFFERS = [4096, 8192]
/** Bytes that came between checkpoints, so often in a row, must be whole buffers. */
const TIMES = 3
/** How much of a buffer the lines may leave free, in lines of the usual length. */
const LINES_LEFT = 2

/**
 * Whether a Calculator's stdout comes in whole buffers. A chunk that ends within a line proves it (checkpointer.ts),
 * but some runtimes write a buffer out at the last newline in it (Python's print): then only the sizes tell.
 */
export class Buffering {
  #times = 0

  /** Between two checkpoints `lines` came, of `bytes` together. */
  observe(lines: number, bytes: number): void {
    if (lines === 0) return
    this.#times = BUFFERS.some((size) => areWhole(size, bytes, bytes / lines)) ? this.#times + 1 : 0
  }

  get isSeen(): boolean {
    return this.#times >= TIMES
  }
}

/** Every buffer is filled but for less than a line or two. Said of so many that it could be chance, it is none. */
function areWhole(size: number, bytes: number, line: number): boolean {
  const buffers = Math.ceil(bytes / size)
  const slack = buffers * LINES_LEFT * line
  return slack <= size / 4 && buffers * size - bytes <= slack
}
