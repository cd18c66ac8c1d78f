import { AgentError } from '../domain/errors.ts'

export interface Lines {
  /** Whole lines, each with its newline. */
  readonly bytes: Uint8Array
  /** Where each line ends, past its newline. */
  readonly ends: Uint32Array
}

const NEWLINE = 10

/** Cuts a stream of chunks into batches of whole lines; keeps the beginning of one line at most. */
export class ChunkLines {
  readonly #limit: number
  #kept: Uint8Array[] = []
  #keptBytes = 0

  /** `limit`: bytes of the longest line; one that is longer raises FAILED. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** The lines that `chunk` completes, or null. The chunk is kept, not copied, where no line crosses its border. */
  push(chunk: Uint8Array): Lines | null {
    const end = chunk.lastIndexOf(NEWLINE) + 1
    const whole = end === 0 ? null : this.#joined(chunk.subarray(0, end))
    if (end < chunk.length) {
      this.#kept.push(chunk.subarray(end))
      this.#keptBytes += chunk.length - end
    }
    if (this.#keptBytes > this.#limit) {
      throw new AgentError('FAILED', `a line is longer than ${this.#limit} bytes`)
    }
    return whole === null ? null : { bytes: whole, ends: endsOf(whole) }
  }

  /** A last line without newline is a line all the same. */
  end(): Lines | null {
    if (this.#keptBytes === 0) return null
    const bytes = this.#joined(Uint8Array.of(NEWLINE))
    return { bytes, ends: Uint32Array.of(bytes.length) }
  }

  #joined(tail: Uint8Array): Uint8Array {
    const whole = this.#kept.length === 0 ? tail : Buffer.concat([...this.#kept, tail])
    this.#kept = []
    this.#keptBytes = 0
    return whole
  }
}

function endsOf(bytes: Uint8Array): Uint32Array {
  const ends: number[] = []
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) ends.push(at + 1)
  return Uint32Array.from(ends)
}
