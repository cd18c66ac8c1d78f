// Dead letters of one stream on their way to their sink, one write after the other: they keep their order.
import type { DeadLetter } from '../domain/stream/value-batch.ts'
import type { DeadLetterSink } from './ports.ts'

export class LetterWriter {
  #sink: DeadLetterSink
  #turn: Promise<void> = Promise.resolve()
  /** Tells the write under way that its sink is not the one any more. */
  #exchanged: () => void = () => undefined

  constructor(sink: DeadLetterSink) {
    this.#sink = sink
  }

  /** What another sink has not stored goes to this one. */
  use(sink: DeadLetterSink): void {
    if (sink === this.#sink) return
    this.#sink = sink
    this.#exchanged()
  }

  /** Resolves when they are stored, or are not wanted any more when their turn comes. Rejects as the sink does. */
  write(letters: readonly DeadLetter[], isWanted: () => boolean): Promise<void> {
    const turn = this.#turn.then(async () => {
      let isStored = false
      while (!isStored && isWanted()) isStored = await this.#attempt(letters)
    })
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  /** What comes now does not wait for what is under way. */
  abandon(): void {
    this.#turn = Promise.resolve()
  }

  /** Resolves to false where the sink is exchanged before it has stored them: its failure is nobody's then. */
  #attempt(letters: readonly DeadLetter[]): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#exchanged = () => resolve(false)
      this.#sink.write(letters).then(() => resolve(true), reject)
    })
  }
}
