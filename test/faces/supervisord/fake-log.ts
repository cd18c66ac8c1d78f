import { AgentError } from '../../../src/domain/errors.ts'
import type { LogFollower, TailedLog } from '../../../src/faces/supervisord/daemon.ts'

const HEAD = 1024
const PIECE = 64 * 1024

/** A log in memory, followed as a file would be. */
export class FakeLog {
  followers = 0
  #bytes: Buffer
  #grown = Promise.withResolvers<undefined>()

  constructor(text: string) {
    this.#bytes = Buffer.from(text)
  }

  append(more: string | Uint8Array): void {
    this.#bytes = Buffer.concat([this.#bytes, Buffer.from(more)])
    this.#wake()
  }

  clear(): void {
    this.#bytes = Buffer.alloc(0)
  }

  /** supervisord: options.readFile. */
  read(offset: number, length: number): Uint8Array {
    if (length < 0 || (offset < 0 && length !== 0)) throw new AgentError('BAD_ARGUMENTS', '')
    if (offset < 0) return this.#bytes.subarray(offset)
    return this.#bytes.subarray(offset, length === 0 ? undefined : offset + length)
  }

  /** supervisord: options.tailFile. */
  tail(offset: number, length: number): TailedLog {
    const size = this.#bytes.length
    const overflow = size > offset + length
    const start = overflow ? size - length : Math.min(offset, size)
    return { bytes: this.#bytes.subarray(Math.max(0, start), start + length), offset: size, overflow }
  }

  follow(): LogFollower {
    this.followers++
    let at = Math.max(0, this.#bytes.length - HEAD)
    let closed = false
    return {
      modifiedAt: 0,
      next: async () => {
        while (!closed && at >= this.#bytes.length) await this.#grown.promise
        if (closed) return null
        const piece = this.#bytes.subarray(at, at + PIECE)
        at += piece.length
        return piece
      },
      close: () => {
        if (!closed) this.followers--
        closed = true
        this.#wake()
      },
    }
  }

  #wake(): void {
    this.#grown.resolve(undefined)
    this.#grown = Promise.withResolvers()
  }
}
