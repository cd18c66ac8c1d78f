export interface FaceEvent {
  readonly type: string
  readonly payload: string
  /** Over all pools; given when the first of them takes the event. */
  serial: number | null
  /** By the name of the pool. */
  readonly poolSerials: Map<string, number>
}

/** Numbers go on over reloads, as supervisord's do. */
export interface Serials {
  next: number
}

interface Subscription {
  readonly types: readonly string[]
  readonly take: (event: FaceEvent) => void
}

/** supervisord's own events (PROCESS_STATE_RUNNING, TICK_5 …): who is interested, and in which order they happened. */
export class EventBus {
  readonly #subscriptions = new Set<Subscription>()

  /** Whether anybody would hear it: payloads of much output are made only then. */
  wants(type: string): boolean {
    return [...this.#subscriptions].some(({ types }) => covers(types, type))
  }

  notify(type: string, payload: string): void {
    const event: FaceEvent = { type, payload, serial: null, poolSerials: new Map() }
    for (const { types, take } of [...this.#subscriptions]) if (covers(types, type)) take(event)
  }

  /** `types` may be parents, such as PROCESS_STATE, or EVENT for all. Returns what ends the subscription. */
  subscribe(types: readonly string[], take: (event: FaceEvent) => void): () => void {
    const subscription = { types, take }
    this.#subscriptions.add(subscription)
    return () => void this.#subscriptions.delete(subscription)
  }
}

/** The name of a parent is the beginning of its children's. */
const covers = (types: readonly string[], type: string): boolean =>
  types.some((wanted) => wanted === 'EVENT' || wanted === type || type.startsWith(`${wanted}_`))
