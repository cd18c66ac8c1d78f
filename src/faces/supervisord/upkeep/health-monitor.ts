import type { Millis } from '../../../domain/time.ts'
import type { Clock, Timer } from '../../../engine/ports.ts'
import type { HealthCheck } from '../config/upkeep.ts'
import { secondsText, within } from './within.ts'

/** `starting`: it has not been seen healthy, and not often enough unhealthy. */
export type Health = 'starting' | 'healthy' | 'unhealthy'

export interface MonitorParts {
  readonly check: HealthCheck
  readonly clock: Clock
  /** Null: fit. */
  readonly look: (signal: AbortSignal) => Promise<string | null>
  readonly changed: (health: 'healthy' | 'unhealthy', reason: string) => void
}

/** While it starts it is looked at more often than that, so that others need not wait. */
const startIntervalMs = 1000

/** The health of one process, from the moment it is RUNNING: checks one after the other, and what they come to. */
export class HealthMonitor {
  readonly #parts: MonitorParts
  #health: Health = 'starting'
  #failures = 0
  #since: Millis = 0
  /** Of the run that is watched; null: none is. */
  #run: AbortController | null = null
  #timer: Timer | null = null

  constructor(parts: MonitorParts) {
    this.#parts = parts
  }

  get health(): Health {
    return this.#health
  }

  /** It is RUNNING: a new run, of which nothing is known. */
  start(): void {
    this.stop()
    this.#run = new AbortController()
    this.#since = this.#parts.clock.now()
    void this.#check(this.#run)
  }

  stop(): void {
    this.#run?.abort()
    this.#run = null
    this.#timer?.cancel()
    this.#health = 'starting'
    this.#failures = 0
  }

  async #check(run: AbortController): Promise<void> {
    const { check, clock, look } = this.#parts
    const found = await within(clock, check.timeout, run.signal, look)
    if (this.#run !== run) return
    this.#judge(found === 'late' ? `no answer within ${secondsText(check.timeout)}` : found.value)
    if (this.#health === 'unhealthy') return
    const wait = this.#isNew() ? Math.min(check.interval, startIntervalMs) : check.interval
    this.#timer = clock.arm(wait, () => void this.#check(run))
  }

  #isNew(): boolean {
    const { check, clock } = this.#parts
    return this.#health === 'starting' && clock.now() - this.#since < check.startPeriod
  }

  #judge(reason: string | null): void {
    const before = this.#health
    if (reason === null) {
      this.#failures = 0
      this.#health = 'healthy'
      if (before !== 'healthy') this.#parts.changed('healthy', '')
    } else if (!this.#isNew() && ++this.#failures >= this.#parts.check.retries) {
      this.#health = 'unhealthy'
      this.#parts.changed('unhealthy', reason)
    }
  }
}
