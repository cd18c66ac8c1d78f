import { LineEnds } from './line-ends.ts'
import type { Lines } from './lines.ts'

/** A line that was longer than the limit, and of which only the beginning was kept. */
export interface OversizedLine {
  /** Its first 1,024 bytes. */
  readonly head: Uint8Array
  /** Bytes without the newline. */
  readonly length: number
  /** How many lines of the same push's result came before it. */
  readonly afterLine: number
}

const NEWLINE = 0x0a
const HEAD = 1024
const NOTHING = new Uint8Array(0)
const NONE: readonly OversizedLine[] = []

/**
 * Cuts a child's stdout into lines. Bytes are never decoded, `\r` stays. What is kept between two chunks is at most
 * `maxLine` bytes; of a line longer than that (newline not counted) everything up to its newline is dropped.
 * Chunks must hold still: what comes out, and what is kept, are views of them wherever no line crosses a border, or the
 * two chunks lie one behind the other in the same memory, or the second has room in front.
 */
export class LineSplitter {
  readonly #maxLine: number
  /** The beginning of a line: a view of its chunk, or memory of our own where the line came in several pieces. */
  #carry: Uint8Array = NOTHING
  #carried = 0
  #own = false
  /** Set while the bytes of an oversized line are being dropped. */
  #dropping: { head: Uint8Array; length: number } | null = null
  #oversized: OversizedLine[] = []
  readonly #ends = new LineEnds()

  /** `maxLine`: bytes of a line without its newline. */
  constructor(maxLine: number) {
    this.#maxLine = maxLine
  }

  /**
   * The lines completed by `chunk`; null when there is none. `headroom`: so many bytes in front of the chunk are free, to
   * be written to.
   * A Buffer is searched several times faster than a bare Uint8Array, by its own indexOf.
   */
  push(chunk: Uint8Array, headroom = 0): Lines | null {
    if (this.#carried > 0 && this.#carried <= headroom) this.#moveBefore(chunk)
    let start = 0
    if (this.#dropping) {
      const newline = chunk.indexOf(NEWLINE)
      this.#drop(newline < 0 ? chunk : chunk.subarray(0, newline))
      if (newline < 0) return null
      this.#dropped(0)
      start = newline + 1
    }
    const { count, last, cut } = this.#scan(chunk, start)
    let lines: Lines | null = null
    if (count > 0) {
      const bytes = this.#join(chunk.subarray(start, last))
      lines = { bytes, ends: this.#ends.take(count), count }
      if (cut) lines = this.#cutOversized(lines)
    }
    this.#keep(chunk.subarray(last))
    return lines
  }

  /** The oversized lines that ended since the last call, in order; to be called after each push. */
  takeOversized(): readonly OversizedLine[] {
    if (this.#oversized.length === 0) return NONE
    const taken = this.#oversized
    this.#oversized = []
    return taken
  }

  /** The bytes after the last newline, as a copy; of an oversized line only its head. */
  get partial(): Uint8Array {
    return this.#dropping ? this.#dropping.head : new Uint8Array(this.#carry.subarray(0, this.#carried))
  }

  /** How many bytes came after the last newline. */
  get partialLength(): number {
    return this.#dropping ? this.#dropping.length : this.#carried
  }

  /** Nobody looks any more at lines from before these: the memory of their ends may serve again. */
  release({ ends }: Lines): void {
    this.#ends.release(ends)
  }

  /** Writes the ends of all lines, counted from the first carried byte. */
  #scan(chunk: Uint8Array, start: number): { count: number; last: number; cut: boolean } {
    const shift = this.#carried - start
    let { places, used } = this.#ends
    let count = 0
    let last = start
    let previous = 0
    let cut = false
    for (let at = chunk.indexOf(NEWLINE, start); at >= 0; at = chunk.indexOf(NEWLINE, last)) {
      last = at + 1
      const end = last + shift
      if (end - previous - 1 > this.#maxLine) cut = true
      if (used + count === places.length) {
        places = this.#ends.widened(count)
        used = 0
      }
      places[used + count++] = end
      previous = end
    }
    return { count, last, cut }
  }

  /** Only the line that crosses is copied then, not all that comes with its end. */
  #moveBefore(chunk: Uint8Array): void {
    const place = new Uint8Array(chunk.buffer, chunk.byteOffset - this.#carried, this.#carried)
    place.set(this.#carry.subarray(0, this.#carried))
    this.#carry = place
    this.#own = false
  }

  /** The carried bytes and those that end them, in one piece; the carry is empty afterwards. */
  #join(body: Uint8Array): Uint8Array {
    if (this.#carried === 0) return body
    const joined = this.#own ? null : together(this.#carry, body)
    const carry = this.#carry.subarray(0, this.#carried)
    this.#forget()
    if (joined) return joined
    const copy = new Uint8Array(carry.length + body.length)
    copy.set(carry)
    copy.set(body, carry.length)
    return copy
  }

  #forget(): void {
    this.#carry = NOTHING
    this.#carried = 0
    this.#own = false
  }

  #cutOversized(lines: Lines): Lines | null {
    const bytes = new Uint8Array(lines.bytes.length)
    const ends = new Uint32Array(lines.count)
    let count = 0
    let at = 0
    let start = 0
    for (const end of lines.ends) {
      const line = lines.bytes.subarray(start, end)
      start = end
      if (line.length - 1 > this.#maxLine) {
        this.#drop(line.subarray(0, -1))
        this.#dropped(count)
      } else {
        bytes.set(line, at)
        at += line.length
        ends[count++] = at
      }
    }
    return count === 0 ? null : { bytes: bytes.subarray(0, at), ends: ends.subarray(0, count), count }
  }

  #keep(rest: Uint8Array): void {
    const length = this.#carried + rest.length
    if (this.#dropping || length > this.#maxLine) {
      this.#drop(this.#carry.subarray(0, this.#carried))
      this.#drop(rest)
      this.#forget()
      return
    }
    if (rest.length === 0) return
    const joined = this.#carried === 0 ? rest : this.#own ? null : together(this.#carry, rest)
    if (joined) {
      this.#carry = joined
    } else {
      if (!this.#own || length > this.#carry.length) {
        // Doubled, so that a long line in many chunks is copied a bounded number of times.
        const wider = new Uint8Array(Math.min(this.#maxLine, Math.max(length, this.#carry.length * 2)))
        wider.set(this.#carry.subarray(0, this.#carried))
        this.#carry = wider
        this.#own = true
      }
      this.#carry.set(rest, this.#carried)
    }
    this.#carried = length
  }

  #drop(bytes: Uint8Array): void {
    const dropping = (this.#dropping ??= { head: NOTHING, length: 0 })
    dropping.length += bytes.length
    if (dropping.head.length >= HEAD || bytes.length === 0) return
    const more = bytes.subarray(0, HEAD - dropping.head.length)
    const head = new Uint8Array(dropping.head.length + more.length)
    head.set(dropping.head)
    head.set(more, dropping.head.length)
    dropping.head = head
  }

  #dropped(afterLine: number): void {
    if (!this.#dropping) return
    this.#oversized.push({ ...this.#dropping, afterLine })
    this.#dropping = null
  }
}

/** Both as one view, where the second lies right behind the first. */
const together = (first: Uint8Array, second: Uint8Array): Uint8Array | null =>
  first.buffer === second.buffer && first.byteOffset + first.length === second.byteOffset
    ? new Uint8Array(first.buffer, first.byteOffset, first.length + second.length)
    : null
