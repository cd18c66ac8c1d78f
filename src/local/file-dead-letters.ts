// Dead letters of local streams: a file of JSON lines beside the output, or a line in the log when the output is stdout.
import type { FileHandle } from 'node:fs/promises'
import { typedFacts } from '../domain/dead-letters/typed-facts.ts'
import { AgentError } from '../domain/errors.ts'
import type { DeadLetter } from '../domain/stream/value-batch.ts'
import type { Millis } from '../domain/time.ts'
import type { Clock, DeadLetterSink, SinkHealth } from '../engine/ports.ts'
import { Serial } from '../engine/serial.ts'
import { shownBytes, type ShownBytes } from '../wire/shown-bytes.ts'
import { openFile, reasonOf } from './open-file.ts'

/** A letter as JSON. */
export interface LetterLine {
  readonly time: string
  readonly reason: string
  readonly facts: ReturnType<typeof typedFacts>
  readonly key: ShownBytes | null
  readonly value: ShownBytes
  readonly headers: readonly (readonly [name: string, value: ShownBytes | null])[]
}

/** Appends to a file that comes into being with the first letter: what an earlier run left there is never lost. */
export class FileDeadLetters implements DeadLetterSink {
  readonly #path: string
  readonly #clock: Pick<Clock, 'now' | 'wall'>
  #file: Promise<FileHandle> | null = null
  readonly #writes = new Serial()
  #lastAckAt: Millis | null = null
  #error: string | null = null

  constructor(path: string, clock: Pick<Clock, 'now' | 'wall'>) {
    this.#path = path
    this.#clock = clock
  }

  /** Resolves when the letters are on the disk. Raises UNAVAILABLE when they cannot be written. */
  write(letters: readonly DeadLetter[]): Promise<void> {
    if (letters.length === 0) return Promise.resolve()
    return this.#writes.run(() => this.#append(letters))
  }

  health(): SinkHealth {
    return { lastAckAt: this.#lastAckAt, error: this.#error }
  }

  async close(): Promise<void> {
    await this.#writes.settled()
    // A file that could not be opened was told of then.
    const file = await this.#file?.catch(() => null)
    await file?.close()
  }

  async #append(letters: readonly DeadLetter[]): Promise<void> {
    const text = letters.map((letter) => `${JSON.stringify(letterLine(letter, this.#clock.wall()))}\n`).join('')
    try {
      const file = await (this.#file ??= openFile(this.#path, 'a'))
      await file.appendFile(text)
      await file.datasync()
    } catch (cause) {
      this.#error = cause instanceof AgentError ? cause.subject : `cannot write ${this.#path}: ${reasonOf(cause)}`
      throw new AgentError('UNAVAILABLE', this.#error, { cause })
    }
    this.#lastAckAt = this.#clock.now()
  }
}

/** What `report` is told of a letter: enough to find the record, not the record. */
export interface ReportedLetter {
  readonly reason: string
  readonly facts: ReturnType<typeof typedFacts>
  /** The first 1 KiB: one of the two, the other where it is not UTF-8. */
  readonly value?: string
  readonly valueBase64?: string
  readonly bytes: number
}

const SHOWN_BYTES = 1024

/** With the output on stdout there is no file to write beside: each letter is told to the log. */
export class ReportedDeadLetters implements DeadLetterSink {
  readonly tellsEach = true
  readonly #report: (letter: ReportedLetter) => void
  readonly #clock: Pick<Clock, 'now'>
  #lastAckAt: Millis | null = null

  constructor(report: (letter: ReportedLetter) => void, clock: Pick<Clock, 'now'>) {
    this.#report = report
    this.#clock = clock
  }

  write(letters: readonly DeadLetter[]): Promise<void> {
    for (const { reason, facts, value } of letters) {
      const head = shownBytes(value.subarray(0, SHOWN_BYTES))
      const text = typeof head === 'string' ? { value: head } : { valueBase64: head.base64 }
      this.#report({ reason, facts: typedFacts(Object.entries(facts)), ...text, bytes: value.length })
    }
    this.#lastAckAt = this.#clock.now()
    return Promise.resolve()
  }

  health(): SinkHealth {
    return { lastAckAt: this.#lastAckAt, error: null }
  }

  close(): Promise<void> {
    return Promise.resolve()
  }
}

const letterLine = ({ key, value, headers, reason, facts }: DeadLetter, wall: Millis): LetterLine => ({
  time: new Date(wall).toISOString(),
  reason,
  facts: typedFacts(Object.entries(facts)),
  key: key === null ? null : shownBytes(key),
  value: shownBytes(value),
  headers: headers.map(([name, bytes]) => [name, bytes === null ? null : shownBytes(bytes)] as const),
})
