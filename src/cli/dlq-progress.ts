import type { Millis } from '../domain/time.ts'
import type { Clock } from '../engine/ports.ts'

/** A terminal's line is written over; elsewhere, such as in a log, lines are seldom. */
const ON_TERMINAL: Millis = 200
const ELSEWHERE: Millis = 10_000

/** Tells on stderr how far long work is; short work says nothing. */
export class Progress {
  readonly #clock: Pick<Clock, 'now'>
  readonly #write: (text: string) => void
  readonly #terminal: boolean
  #toldAt: Millis
  #shown = false

  constructor(clock: Pick<Clock, 'now'>, terminal: boolean, write: (text: string) => void) {
    this.#clock = clock
    this.#terminal = terminal
    this.#write = write
    this.#toldAt = clock.now()
  }

  tell(text: () => string): void {
    const now = this.#clock.now()
    if (now - this.#toldAt < (this.#terminal ? ON_TERMINAL : ELSEWHERE)) return
    this.#toldAt = now
    this.#write(this.#terminal ? `\r\u001b[2K${text()}` : `${text()}\n`)
    this.#shown = true
  }

  /** Takes the line away, before something else is written to the terminal. */
  clear(): void {
    if (this.#terminal && this.#shown) this.#write('\r\u001b[2K')
    this.#shown = false
  }
}
