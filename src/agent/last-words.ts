import type { Config } from '../config/config.ts'
import { messageOf } from '../domain/errors.ts'
import type { Millis } from '../domain/time.ts'
import type { BlackBox } from '../engine/stream/black-box.ts'
import type { Clock } from '../engine/ports.ts'
import { terminationMessage } from '../engine/supervision/termination-message.ts'
import type { Log } from '../log.ts'
import { writeTerminationFile } from '../os/termination-file.ts'

/** Calculators that die one after the other fill the log with one box in so long, at most. */
const BOX_EVERY: Millis = 1000

export interface LastWordsParts {
  readonly clock: Clock
  readonly log: Pick<Log, 'line' | 'masked'>
  readonly config: Pick<Config, 'terminationLog' | 'blackBox'>
  /** The Calculator's last stderr lines, oldest first. */
  readonly stderrTail: () => readonly string[]
}

/**
 * What a person finds after a crash: one line of the log with the Calculator's last moments, and the container's
 * termination message.
 */
export class LastWords {
  readonly #parts: LastWordsParts
  #box: BlackBox | null = null
  #boxAt: Millis = -Infinity
  #untold = 0
  #isWritten = false
  #hasFailed = false

  constructor(parts: LastWordsParts) {
    this.#parts = parts
  }

  /** Tells the log, unless it has just heard of another one. */
  crashed(whole: BlackBox): void {
    const { clock, log, config } = this.#parts
    const box = (this.#box = config.blackBox ? whole : { ...whole, fed: [], printed: [] })
    const now = clock.now()
    if (now - this.#boxAt < BOX_EVERY) {
      this.#untold++
      return
    }
    const end = box.death === 'violation' ? 'was killed for breaking its protocol' : 'died'
    log.line('warn', `the Calculator ${end}: its last moments`, {
      event: 'stream.black-box',
      ...box,
      ...(this.#untold > 0 && { untold: this.#untold }),
    })
    this.#boxAt = now
    this.#untold = 0
  }

  /** Writes the termination message. What cannot be written is one warning, however often it is tried. */
  write(reason: string): void {
    const message = terminationMessage(reason, this.#box, this.#parts.stderrTail())
    this.#isWritten = this.#put(this.#parts.log.masked(message))
  }

  /** The Calculator runs again: whatever ends the agent from now on has nothing to do with what was written. */
  retract(): void {
    if (this.#isWritten) this.#isWritten = !this.#put('')
  }

  #put(text: string): boolean {
    const { config, log } = this.#parts
    const file = config.terminationLog
    if (file === null) return false
    try {
      return writeTerminationFile(file.path, text, file.isAsked)
    } catch (error) {
      const reason = messageOf(error)
      if (!this.#hasFailed)
        log.line('warn', 'cannot write the termination message', { event: 'agent.termination-log', reason })
      this.#hasFailed = true
      return false
    }
  }
}
