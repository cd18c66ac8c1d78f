// `log_format`: a key of ours. Lines of several programs in one place, such as a container's stdout, tell whose they are.
import type { Millis } from '../../../domain/time.ts'
import { textOfBytes } from './text-of-bytes.ts'

const newline = 0x0a
/** A longer line is cut here and goes on as another. */
const longestLine = 64 * 1024

export interface LineFormat {
  readonly kind: 'prefix' | 'json'
  readonly process: string
  readonly channel: 'stdout' | 'stderr'
}

/** One output of one child as whole lines of this format; a line that is not complete waits. */
export class LineFormatter {
  readonly #format: LineFormat
  #rest: Buffer = Buffer.alloc(0)

  constructor(format: LineFormat) {
    this.#format = format
  }

  /** @param wall the time of a JSON line */
  write(chunk: Uint8Array, wall: Millis): Uint8Array {
    const all = Buffer.concat([this.#rest, chunk])
    const lines: Buffer[] = []
    let start = 0
    for (let at = all.indexOf(newline); at >= 0; at = all.indexOf(newline, start)) {
      lines.push(this.#line(all.subarray(start, at), wall))
      start = at + 1
    }
    for (; all.length - start >= longestLine; start += longestLine) {
      lines.push(this.#line(all.subarray(start, start + longestLine), wall))
    }
    this.#rest = Buffer.from(all.subarray(start))
    return Buffer.concat(lines)
  }

  /** The last line of a child that did not end it. */
  end(wall: Millis): Uint8Array {
    const rest = this.#rest
    this.#rest = Buffer.alloc(0)
    return rest.length === 0 ? rest : this.#line(rest, wall)
  }

  #line(line: Buffer, wall: Millis): Buffer {
    const { kind, process, channel } = this.#format
    if (kind === 'prefix') return Buffer.concat([Buffer.from(`${process} | `), line, Buffer.from('\n')])
    const fields = { time: new Date(wall).toISOString(), process, stream: channel, msg: textOfBytes(line) }
    return Buffer.from(`${JSON.stringify(fields)}\n`)
  }
}
