import type { Fields, Level } from '../domain/events.ts'
import type { EventName } from '../domain/log-events.ts'
import type { Clock } from './ports.ts'
import type { NumberedEvent } from './snapshot.ts'

/** The last events, numbered from 1 without a gap; memory is bounded by `capacity`. */
export class EventRing {
  readonly #clock: Pick<Clock, 'now' | 'wall'>
  readonly #capacity: number
  readonly #slots: NumberedEvent[] = []
  readonly #listeners = new Set<(event: NumberedEvent) => void>()
  readonly #untold: NumberedEvent[] = []
  #telling = false
  #seq = 0

  constructor(clock: Pick<Clock, 'now' | 'wall'>, capacity = 1024) {
    this.#clock = clock
    this.#capacity = capacity
  }

  /** Number of the last event; 0 before the first. */
  get seq(): number {
    return this.#seq
  }

  /**
   * Numbers and stamps the event, keeps it, and tells every listener before it returns. What a listener publishes is
   * told when the event before it was told to all: everybody hears the numbers in order.
   */
  publish(event: EventName, level: Level, message: string, fields: Fields = {}): NumberedEvent {
    const seq = ++this.#seq
    const numbered = { seq, wall: this.#clock.wall(), mono: this.#clock.now(), event, level, message, fields }
    this.#slots[seq % this.#capacity] = numbered
    this.#untold.push(numbered)
    if (!this.#telling) this.#tell()
    return numbered
  }

  /** Events after `seq`, oldest first, as far as the ring still holds them. */
  since(seq: number): readonly NumberedEvent[] {
    const first = Math.max(seq + 1, this.#seq - this.#capacity + 1, 1)
    const count = Math.max(0, this.#seq - first + 1)
    return Array.from({ length: count }, (_, k) => this.#slots[(first + k) % this.#capacity]).filter(
      (event) => event !== undefined,
    )
  }

  /** Returns the function that ends the subscription. */
  subscribe(listener: (event: NumberedEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => {
      this.#listeners.delete(listener)
    }
  }

  #tell(): void {
    this.#telling = true
    for (let next = this.#untold.shift(); next !== undefined; next = this.#untold.shift()) {
      for (const listener of [...this.#listeners]) tell(listener, next)
    }
    this.#telling = false
  }
}

/** A listener that throws is a bug, told as an uncaught one: the publisher's turn must come to its end. */
function tell(listener: (event: NumberedEvent) => void, event: NumberedEvent): void {
  try {
    listener(event)
  } catch (error) {
    queueMicrotask(() => {
      throw error
    })
  }
}
