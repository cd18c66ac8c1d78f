import { AgentError } from '../../../domain/errors.ts'
import type { ChildInput } from '../../../engine/ports.ts'

/** What may wait for a child that does not read. */
const limitBytes = 4 * 1024 * 1024

/** What is written to one child's stdin, in order and one write at a time. */
export class StdinQueue {
  readonly #input: ChildInput
  readonly #waiting: Uint8Array[] = []
  #bytes = 0
  #writing = false
  #closed = false

  constructor(input: ChildInput) {
    this.#input = input
  }

  /** Raises NO_FILE once the child is known to have closed its stdin, and FAILED while it does not read what is there. */
  push(bytes: Uint8Array, name: string): void {
    this.mustBeOpen(name)
    if (this.#bytes + bytes.length > limitBytes) {
      throw new AgentError('FAILED', `${name} does not read its stdin: ${this.#bytes} bytes wait already`)
    }
    this.#waiting.push(bytes)
    this.#bytes += bytes.length
    if (!this.#writing) void this.#write()
  }

  /** Raises NO_FILE as `push` does: what a write met is known one turn of the loop after it. */
  mustBeOpen(name: string): void {
    if (this.#closed) throw new AgentError('NO_FILE', name)
  }

  /** The child is gone. */
  close(): void {
    this.#closed = true
    this.#waiting.length = 0
    this.#bytes = 0
  }

  async #write(): Promise<void> {
    this.#writing = true
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      try {
        await this.#input.write(next)
      } catch {
        // Nobody can read any more: EPIPE, or the child is gone. The next push says so.
        this.close()
      }
      this.#bytes = Math.max(0, this.#bytes - next.length)
    }
    this.#writing = false
  }
}
