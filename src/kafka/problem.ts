import type { Fields, Level } from '../domain/events.ts'
import type { TroubleName } from '../domain/log-events.ts'
import type { Millis } from '../domain/time.ts'
import type { Clock } from '../engine/ports.ts'
import { wait } from '../engine/waiting.ts'
import type { KafkaLog } from './log.ts'

const REPEAT_AFTER: Millis = 30_000
export const FIRST_WAIT: Millis = 250
export const LONGEST_WAIT: Millis = 5_000

/** How long a close waits for what is under way; what takes longer goes on in the background. */
export const CLOSE_LIMIT: Millis = 2_000

/**
 * What is wrong now with one connection, and how long to wait before the next try. A new problem is logged at once, an
 * old one again every 30 s, its end once; `text` is what health shows meanwhile.
 */
export class Problem {
  readonly #clock: Clock
  readonly #log: KafkaLog
  readonly #event: TroubleName
  readonly #repeatAfter: Millis
  #text: string | null = null
  #loggedAt: Millis | null = null
  #wait: Millis = FIRST_WAIT

  /** `repeatAfter`: Infinity for a problem that is told once. */
  constructor(clock: Clock, log: KafkaLog, event: TroubleName, repeatAfter: Millis = REPEAT_AFTER) {
    this.#clock = clock
    this.#log = log
    this.#event = event
    this.#repeatAfter = repeatAfter
  }

  /** What is wrong now, for a person; null when nothing is. */
  get text(): string | null {
    return this.#text
  }

  /** This is wrong now; logged where that is new, or was last said some time ago. */
  report(text: string, level: Level = 'warn', fields: Fields = {}): void {
    const now = this.#clock.now()
    if (text !== this.#text || this.#loggedAt === null || now - this.#loggedAt >= this.#repeatAfter) {
      this.#log(level, text, { ...fields, event: this.#event })
      this.#loggedAt = now
    }
    this.#text = text
  }

  /** Nothing is wrong any more. */
  clear(): void {
    if (this.#text !== null) this.#log('info', `over: ${this.#text}`, { event: `${this.#event}-over` })
    this.#text = null
    this.#loggedAt = null
    this.#wait = FIRST_WAIT
  }

  /** 0.25 s, then twice as long each time, at most 5 s. */
  async backOff(signal: AbortSignal): Promise<void> {
    const ms = this.#wait
    this.#wait = Math.min(LONGEST_WAIT, ms * 2)
    await wait(this.#clock, ms, signal)
  }
}
