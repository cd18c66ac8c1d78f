import { visible } from '../visible.ts'

/** Memory of a flow of bytes: its last `room` ones, in a ring that never grows. */
export class ByteTail {
  readonly #ring: Uint8Array
  #at = 0
  #total = 0

  constructor(room: number) {
    this.#ring = new Uint8Array(room)
  }

  /** Copies what fits: the bytes need not hold still afterwards. */
  push(bytes: Uint8Array): void {
    const room = this.#ring.length
    const kept = bytes.length > room ? bytes.subarray(bytes.length - room) : bytes
    const untilEnd = room - this.#at
    if (kept.length <= untilEnd) this.#ring.set(kept, this.#at)
    else {
      this.#ring.set(kept.subarray(0, untilEnd), this.#at)
      this.#ring.set(kept.subarray(untilEnd))
    }
    this.#at = (this.#at + kept.length) % room
    this.#total += bytes.length
  }

  /**
   * The last lines, oldest first, at most `most` of them, as printable text: what is no UTF-8 becomes U+FFFD, control
   * characters are written as \xNN, and a line over `longest` characters ends with "…". A beginning that the ring has
   * lost is marked with "…" too.
   */
  lines(most: number, longest: number): string[] {
    const isCut = this.#total > this.#ring.length
    const bytes = isCut ? [this.#ring.subarray(this.#at), this.#ring.subarray(0, this.#at)] : [this.#held()]
    const decoder = new TextDecoder()
    const lines = (bytes.map((part) => decoder.decode(part, { stream: true })).join('') + decoder.decode()).split('\n')
    if (lines.at(-1) === '') lines.pop()
    // A line without its beginning says little beside whole ones.
    if (isCut && lines.length > 1) lines.shift()
    else if (isCut) lines[0] = `…${lines[0] ?? ''}`
    return lines.slice(-most).map((line) => printable(line, longest))
  }

  #held(): Uint8Array {
    return this.#ring.subarray(0, this.#total)
  }
}

const printable = (line: string, longest: number): string =>
  visible(line.length > longest ? `${line.slice(0, longest)}…` : line)
