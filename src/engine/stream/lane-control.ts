import type { RecordName } from '../../domain/control/message.ts'
import type { Refusal } from '../../domain/stream/refusals.ts'
import type { Millis } from '../../domain/time.ts'

/** What one incarnation of the Calculator has said on its control channel so far. */
export class LaneControl {
  /** Resolves when it may be fed. */
  readonly ready: Promise<void>
  /** Records that it refuses; each is in work, and leaves this list when its place in the protocol is taken. */
  readonly refusals = new Map<RecordName, Refusal>()
  state: string | null = null
  heartbeats = 0
  heartbeatAt: Millis | null = null
  stopping = false
  isReady: boolean
  readonly #resolve: () => void

  /** `awaitsReady`: nothing is fed before it says that it is ready. */
  constructor(awaitsReady: boolean) {
    const { promise, resolve } = Promise.withResolvers<undefined>()
    this.ready = promise
    this.#resolve = () => resolve(undefined)
    this.isReady = !awaitsReady
    if (this.isReady) this.#resolve()
  }

  /** It said that it may be fed. */
  becomeReady(): void {
    this.isReady = true
    this.#resolve()
  }

  /** The refusal of this record, once; null where it has not refused it. */
  takeRefusal(name: RecordName): Refusal | null {
    const refusal = this.refusals.get(name) ?? null
    if (refusal) this.refusals.delete(name)
    return refusal
  }
}
