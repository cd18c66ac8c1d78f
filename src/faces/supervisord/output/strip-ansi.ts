// Takes escape sequences of terminals out of a child's output (supervisord: dispatchers.stripEscapes).

const ESC = 0x1b
const bracket = 0x5b
const terminators = new Set(Buffer.from('HfABCDRsuJKhlpm'))

/** One output of one child; a sequence may be spread over chunks. */
export class AnsiStripper {
  #state: 'text' | 'escape' | 'sequence' = 'text'

  /** The chunk itself where nothing is to be taken out. */
  strip(chunk: Uint8Array): Uint8Array {
    if (this.#state === 'text' && !chunk.includes(ESC)) return chunk
    const kept = Buffer.allocUnsafe(chunk.length + 1)
    let length = 0
    for (const byte of chunk) {
      if (this.#state === 'sequence') {
        if (terminators.has(byte)) this.#state = 'text'
        continue
      }
      if (this.#state === 'escape') {
        this.#state = byte === bracket ? 'sequence' : 'text'
        if (byte === bracket) continue
        kept[length++] = ESC
      }
      if (byte === ESC) this.#state = 'escape'
      else kept[length++] = byte
    }
    return kept.subarray(0, length)
  }
}
