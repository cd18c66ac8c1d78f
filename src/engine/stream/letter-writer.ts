import type { DeadLetter } from '../../domain/stream/value-batch.ts'
import type { DeadLetterSink } from '../ports.ts'
import { Serial } from '../serial.ts'

/**
 * Dead letters of one stream on their way to their sink. What a sink has not stored when another takes its place goes to
 * that one.
 */
export class LetterWriter {
  #sink: DeadLetterSink
  #turns = new Serial()
  /** Tell the writes under way that their sink is not the one any more. */
  readonly #exchanged = new Set<() => void>()

  constructor(sink: DeadLetterSink) {
    this.#sink = sink
  }

  /** As of the sink. */
  get tellsEach(): boolean {
    return this.#sink.tellsEach ?? false
  }

  /** What another sink has not stored goes to this one. */
  use(sink: DeadLetterSink): void {
    if (sink === this.#sink) return
    this.#sink = sink
    for (const tell of this.#exchanged) tell()
  }

  /** As `writeAtOnce`, one write after the other: letters keep their order. */
  write(letters: readonly DeadLetter[], isWanted: () => boolean): Promise<boolean> {
    return this.#turns.run(() => this.writeAtOnce(letters, isWanted))
  }

  /** Resolves to true when they are stored, to false when they are not wanted any more before. Rejects as the sink does. */
  async writeAtOnce(letters: readonly DeadLetter[], isWanted: () => boolean): Promise<boolean> {
    while (isWanted()) if (await this.#attempt(letters, isWanted)) return true
    return false
  }

  /** What is written in turn from now on does not wait for what is under way. */
  abandon(): void {
    this.#turns = new Serial()
  }

  /** Resolves to false where the sink is exchanged, or nobody wants them, before it has stored them: its failure is nobody's. */
  #attempt(letters: readonly DeadLetter[], isWanted: () => boolean): Promise<boolean> {
    const { promise, resolve, reject } = Promise.withResolvers<boolean>()
    const exchanged = (): void => resolve(false)
    this.#exchanged.add(exchanged)
    this.#sink.write(letters, isWanted).then(
      () => resolve(true),
      (error: unknown) => {
        if (isWanted()) reject(error)
        else resolve(false)
      },
    )
    return promise.finally(() => this.#exchanged.delete(exchanged))
  }
}
