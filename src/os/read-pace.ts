import type { Millis } from '../domain/time.ts'

/** Reads closer than this wake us for a line or two each. */
const CLOSE_MS = 0.25
/** So many of them in a row are a child that writes without end, line by line; at most so many are asked for. */
const MANY = 16
const MOST_MANY = 1 << 14
/** What makes a rest worth it. */
const WORTH_BYTES = 8 * 1024
/** A read of that much is no line: its writer fills the pipe as fast as it should. */
const FULL_BYTES = 16 * 1024
/** A whole pipe of it is a flood, whose small reads are chance until there are many more of them in a row. */
const FLOOD_BYTES = 1 << 16
const MANY_IN_FLOOD = 128

/**
 * When to let a pipe fill for a moment. A reader that is woken for every line costs the writer more than the writing
 * does; supervisord, which is slower to come back, finds many lines each time.
 */
export class ReadPace {
  #last: Millis = -Infinity
  #close = 0
  /** Doubles with each rest that brought nothing: who waits for our answer is not to be kept waiting. */
  #needed = MANY
  #rested = false

  /** After a read of so many bytes: whether to rest before the next. */
  rests(bytes: number, now: Millis): boolean {
    const isClose = now - this.#last < CLOSE_MS
    this.#last = now
    if (this.#rested) this.#judge(bytes >= WORTH_BYTES)
    else if (bytes >= FLOOD_BYTES) this.#needed = Math.max(this.#needed, MANY_IN_FLOOD)
    if (!this.#rested) this.#close = isClose && bytes < FULL_BYTES ? this.#close + 1 : 0
    this.#rested = bytes < FULL_BYTES && this.#close >= this.#needed
    return this.#rested
  }

  #judge(wasWorthIt: boolean): void {
    this.#needed = wasWorthIt ? MANY : Math.min(MOST_MANY, 2 * this.#needed)
    this.#close = wasWorthIt ? MANY : 0
  }
}
