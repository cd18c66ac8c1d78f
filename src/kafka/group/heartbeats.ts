import { outcomeOf, type Outcome } from '../../domain/group/outcomes.ts'
import type { Millis } from '../../domain/time.ts'
import type { Clock, Timer } from '../../engine/ports.ts'
import { wait } from '../../engine/waiting.ts'
import { BrokerError } from '../broker-error.ts'
import type { Coordinator } from './coordinator.ts'
import { heartbeat } from './requests.ts'
import type { Standing } from './standing.ts'

export interface HeartbeatSettings {
  readonly clock: Clock
  readonly coordinator: Coordinator
  readonly standing: Standing
  readonly sessionTimeoutMs: Millis
}

/** Is told what the heartbeats find out. */
export interface HeartbeatListener {
  /** A heartbeat was accepted. */
  answered(): void
  /** The coordinator answered a heartbeat of the generation that still is the member's. */
  refused(outcome: Outcome, error: unknown): void
  /** No heartbeat was accepted for the session timeout: the coordinator has given the partitions to others. */
  expired(): void
}

const LONGEST_PAUSE: Millis = 3_000
/** A rebalance is often followed by the next, when partitions change hands: for a while it is heard of soon. */
const FIRST_PAUSE: Millis = 50

/**
 * Tells the coordinator that the member lives, whatever else it does, and the member when it no longer counts as alive:
 * also after it was frozen and did not notice.
 */
export class Heartbeats {
  readonly #settings: HeartbeatSettings
  readonly #listener: HeartbeatListener
  #expiry: Timer | null = null
  #quickened = new AbortController()

  constructor(settings: HeartbeatSettings, listener: HeartbeatListener) {
    this.#settings = settings
    this.#listener = listener
  }

  /** Beats until `signal`, while there is a generation. Broken connections are replaced, and nothing is rejected. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, standing, sessionTimeoutMs } = this.#settings
    const longest = Math.min(LONGEST_PAUSE, sessionTimeoutMs / 10)
    const stopped = (): boolean => signal.aborted
    signal.addEventListener('abort', () => this.quicken())
    try {
      for (let pause = longest; ;) {
        await wait(clock, pause, this.#quickened.signal)
        if (stopped()) return
        pause = Math.min(longest, this.#quickened.signal.aborted ? FIRST_PAUSE : pause * 2)
        if (this.#quickened.signal.aborted) this.#quickened = new AbortController()
        else if (standing.generation >= 0) await this.#beat()
      }
    } finally {
      this.rest()
    }
  }

  /** The coordinator counted the member as alive at this instant of the monotonic clock. */
  alive(at: Millis): void {
    const { clock, sessionTimeoutMs } = this.#settings
    this.#expiry?.cancel()
    this.#expiry = clock.arm(at + sessionTimeoutMs - clock.now(), () => this.#listener.expired())
  }

  /** A generation has just begun. */
  quicken(): void {
    this.#quickened.abort()
  }

  /** There is no session that could expire. */
  rest(): void {
    this.#expiry?.cancel()
    this.#expiry = null
  }

  async #beat(): Promise<void> {
    const { clock, coordinator, standing, sessionTimeoutMs } = this.#settings
    const at = clock.now()
    const identity = standing.identity()
    const current = (): boolean => standing.generation === identity.generation
    try {
      await coordinator.ask(heartbeat(identity, sessionTimeoutMs / 3))
      if (!current()) return
      this.alive(at)
      this.#listener.answered()
    } catch (error) {
      if (!current()) return
      const outcome = outcomeOf('heartbeat', error instanceof BrokerError ? error.type : null)
      if (outcome === 'rejoin') this.alive(at)
      // What a JoinGroup that is under way will answer is newer.
      if (standing.phase === 'stable') this.#listener.refused(outcome, error)
    }
  }
}
