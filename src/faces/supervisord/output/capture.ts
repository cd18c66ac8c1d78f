// Capture mode: what a child writes between two marks is an event, not a log (supervisord: POutputDispatcher).

const begin = Buffer.from('<!--XSUPERVISOR:BEGIN-->')
const end = Buffer.from('<!--XSUPERVISOR:END-->')

export interface CaptureSink {
  /** Output, `captured` or for the log; good for the time of the call. */
  output(bytes: Uint8Array, captured: boolean): void
  /** A capture came to its end: its newest bytes, at most `maxBytes`. */
  complete(bytes: Uint8Array): void
}

/** Cuts one output of one child into log and captures; marks may be spread over chunks. */
export class Capture {
  readonly #maxBytes: number
  readonly #sink: CaptureSink
  #capturing = false
  #kept: Buffer = Buffer.alloc(0)
  /** The end of the last chunk, where it may be the beginning of a mark. */
  #rest: Buffer = Buffer.alloc(0)

  constructor(maxBytes: number, sink: CaptureSink) {
    this.#maxBytes = maxBytes
    this.#sink = sink
  }

  write(chunk: Uint8Array): void {
    let data = this.#rest.length === 0 ? asBuffer(chunk) : Buffer.concat([this.#rest, chunk])
    for (;;) {
      const mark = this.#capturing ? end : begin
      const at = data.indexOf(mark)
      if (at < 0) {
        const kept = beginningOf(mark, data)
        this.#put(data.subarray(0, data.length - kept))
        this.#rest = Buffer.from(data.subarray(data.length - kept))
        return
      }
      this.#put(data.subarray(0, at))
      this.#toggle()
      data = data.subarray(at + mark.length)
    }
  }

  /** The child is gone: what looked like the beginning of a mark was none. */
  end(): void {
    this.#put(this.#rest)
    this.#rest = Buffer.alloc(0)
  }

  #put(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#sink.output(bytes, this.#capturing)
    if (!this.#capturing) return
    const all = Buffer.concat([this.#kept, bytes])
    this.#kept = all.length > this.#maxBytes ? Buffer.from(all.subarray(all.length - this.#maxBytes)) : all
  }

  #toggle(): void {
    this.#capturing = !this.#capturing
    if (this.#capturing) return
    const captured = this.#kept
    this.#kept = Buffer.alloc(0)
    this.#sink.complete(captured)
  }
}

const asBuffer = (chunk: Uint8Array): Buffer => Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)

/** How many bytes at the end of `data` are the beginning of `mark`. */
function beginningOf(mark: Buffer, data: Buffer): number {
  for (let length = Math.min(mark.length - 1, data.length); length > 0; length--) {
    if (data.subarray(data.length - length).equals(mark.subarray(0, length))) return length
  }
  return 0
}
