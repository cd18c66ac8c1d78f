// What is known of a Calculator's last moments: kept while it lives in two small rings, read once when it died.
import { ByteTail } from '../../domain/stream/byte-tail.ts'
import type { Death } from '../../domain/stream/death.ts'
import type { Millis } from '../../domain/time.ts'

/** One death that nobody asked for. Everything in it is printable text, at most about 20 KiB in all. */
export interface BlackBox {
  readonly process: string
  readonly pid: number
  readonly exitCode: number | null
  readonly signal: string | null
  readonly death: Death
  /** How long it lived. */
  readonly aliveMs: Millis
  /** Records that it had and that were not done. */
  readonly inFlight: number
  /** Last lines that it was given, that it printed, and of its stderr, oldest first. */
  readonly fed: readonly string[]
  readonly printed: readonly string[]
  readonly stderr: readonly string[]
}

const LINES_MAX = 64
const LINE_CHARS = 500
const ROOM = 4096

/** The last lines of both directions. A write or a chunk costs one copy of at most 4 KiB, whatever it holds. */
export class FlightRecorder {
  readonly #fed = new ByteTail(ROOM)
  readonly #printed = new ByteTail(ROOM)

  fed(bytes: Uint8Array): void {
    this.#fed.push(bytes)
  }

  printed(bytes: Uint8Array): void {
    this.#printed.push(bytes)
  }

  read(): Pick<BlackBox, 'fed' | 'printed'> {
    return { fed: this.#fed.lines(LINES_MAX, LINE_CHARS), printed: this.#printed.lines(LINES_MAX, LINE_CHARS) }
  }
}
