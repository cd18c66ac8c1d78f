import type { Millis } from '../domain/time.ts'

/** Reads closer than this wake us for a line or two each. */
const closeMs = 0.25
/** So many of them in a row are a child that writes without end, line by line; at most so many are asked for. */
const many = 16
const mostMany = 1 << 14
/** What makes a rest worth it. */
const worthBytes = 8 * 1024
/** A read of that much is no line: its writer fills the pipe as fast as it should. */
const fullBytes = 16 * 1024
/** A whole pipe of it is a flood, whose small reads are chance until there are many more of them in a row. */
const floodBytes = 1 << 16
const manyInFlood = 128

/**
 * When to let a pipe fill for a moment. A reader that is woken for every line costs the writer more than the writing
 * does; supervisord, which is slower to come back, finds many lines each time.
 */
export class ReadPace {
  #last: Millis = -Infinity
  #close = 0
  /** Doubles with each rest that brought nothing: who waits for our answer is not to be kept waiting. */
  #needed = many
  #rested = false

  /** After a read of so many bytes: whether to rest before the next. */
  rests(bytes: number, now: Millis): boolean {
    const isClose = now - this.#last < closeMs
    this.#last = now
    if (this.#rested) this.#judge(bytes >= worthBytes)
    else if (bytes >= floodBytes) this.#needed = Math.max(this.#needed, manyInFlood)
    if (!this.#rested) this.#close = isClose && bytes < fullBytes ? this.#close + 1 : 0
    this.#rested = bytes < fullBytes && this.#close >= this.#needed
    return this.#rested
  }

  #judge(wasWorthIt: boolean): void {
    this.#needed = wasWorthIt ? many : Math.min(mostMany, 2 * this.#needed)
    this.#close = wasWorthIt ? many : 0
  }
}
