import type { Clock, Timer } from '../engine/ports.ts'
import type { Millis } from '../domain/time.ts'
import type { CheckReport, CheckReports } from './check-reports.ts'
import type { CheckDefinition, ConsulClient, ServiceDefinition } from './client.ts'
import { ConsulError } from './errors.ts'

export type RegistrationState = 'registered' | 'unreachable'

export interface RegistrationOptions {
  readonly client: Pick<ConsulClient, 'register' | 'deregister' | 'report' | 'registered'>
  readonly clock: Clock
  readonly service: ServiceDefinition
  /** How often the registration is read back and repaired. */
  readonly resync: Millis
  readonly reports: () => CheckReports
  /** Told when state or reason change; the reason is empty for `registered`. */
  readonly onState: (state: RegistrationState, reason: string) => void
}

const TTL: Millis = 15_000
const RENEW: Millis = 5_000
const COALESCE: Millis = 100
/** Between two pushes of texts whose status is what it was: Consul's catalog copies each of them to its servers. */
const TEXT_PACE: Millis = 1_000
const FIRST_RETRY: Millis = 250
const STOP_LIMIT: Millis = 900
/** Of it for the deregistration, however late it is; to the HTTP client a limit of 0 would be none. */
const DEREGISTER_LEAST: Millis = 100
/** A FATAL or waiting Calculator must not take the service away, so only the agent's own check does. */
const DEREGISTER_AFTER = '10m'

type CheckName = keyof CheckReports
const checkNames: readonly CheckName[] = ['agent', 'calculator']

/**
 * Keeps the service and its two TTL checks in Consul as they should be, whatever happens to the Consul agent. Never
 * waits for anything but its own calls, so that nothing else waits for Consul.
 */
export class Registration {
  readonly #options: RegistrationOptions
  readonly #life = new AbortController()
  readonly #pushed = new Map<CheckName, CheckReport>()
  #registered = false
  #failures = 0
  #readBackAt: Millis = 0
  #renewedAt: Millis = 0
  #pushedAt: Millis = 0
  #turn: Promise<void> | null = null
  #next: Timer | null = null
  #coalesced: Timer | null = null
  #changed = false
  #again = false
  #stopping = false
  #told: readonly [RegistrationState, string] | null = null

  constructor(options: RegistrationOptions) {
    this.#options = options
  }

  start(): void {
    this.#begin()
  }

  /**
   * Something in the reports may be different: another status is in Consul within 100 ms and one call, a text alone
   * within a second.
   */
  changed(): void {
    this.#changed = true
    if (this.#stopping || this.#turn !== null || this.#coalesced !== null || !this.#registered) return
    this.#coalesced = this.#options.clock.arm(COALESCE, () => {
      this.#coalesced = null
      const { clock } = this.#options
      const due = this.#hasOtherStatus()
        ? 0
        : Math.min(this.#pushedAt + TEXT_PACE, this.#renewedAt + RENEW) - clock.now()
      if (due <= 0) this.#begin()
      else if (this.#turn === null) this.#beginIn(due)
    })
  }

  /** Registers anew, now: the Consul agent goes on with the token that it was given, until that expires. */
  again(): void {
    this.#again = true
    this.#begin()
  }

  /** Deregisters, within 0.9 s whatever Consul does; a failure is told by `onState`. Nothing is registered afterwards. */
  async stop(): Promise<void> {
    const { client, clock, service } = this.#options
    this.#stopping = true
    this.#next?.cancel()
    this.#coalesced?.cancel()
    const began = clock.now()
    // A registration that is under way must not arrive after its own end.
    const patience = clock.arm(STOP_LIMIT * 0.4, () => this.#life.abort())
    await this.#turn
    patience.cancel()
    try {
      const left = STOP_LIMIT - (clock.now() - began)
      await client.deregister(service, { timeout: Math.max(DEREGISTER_LEAST, left) })
    } catch (error) {
      this.#tell('unreachable', reasonOf(error))
    }
  }

  /** One turn at a time; the next one comes by itself. */
  #begin(): void {
    if (this.#stopping || this.#turn !== null) return
    this.#next?.cancel()
    this.#turn = this.#take().then((delay) => {
      this.#turn = null
      if (this.#stopping) return
      this.#beginIn(this.#again ? 0 : delay)
      if (this.#changed) this.changed()
    })
  }

  #beginIn(delay: Millis): void {
    this.#next?.cancel()
    this.#next = this.#options.clock.arm(delay, () => this.#begin())
  }

  /** Gives the delay until the next turn. */
  async #take(): Promise<Millis> {
    try {
      await this.#reconcile()
    } catch (error) {
      if (this.#life.signal.aborted) return RENEW
      const lost = error instanceof ConsulError && error.status === 404 && this.#registered
      this.#registered = false
      if (lost) return this.#take()
      this.#failures += 1
      this.#tell('unreachable', reasonOf(error))
      return Math.min(RENEW, FIRST_RETRY * 2 ** Math.min(this.#failures - 1, 10))
    }
    this.#failures = 0
    this.#tell('registered', '')
    return Math.max(0, this.#renewedAt + RENEW - this.#options.clock.now())
  }

  async #reconcile(): Promise<void> {
    const { clock, resync } = this.#options
    if (this.#again) this.#registered = this.#again = false
    if (this.#registered && clock.now() - this.#readBackAt >= resync) await this.#readBack()
    const renew = !this.#registered || clock.now() - this.#renewedAt >= RENEW
    if (renew) this.#renewedAt = clock.now()
    this.#changed = false
    const reports = this.#options.reports()
    if (!this.#registered) await this.#register(reports)
    for (const name of checkNames) {
      const report = reports[name]
      if (renew || !isSame(this.#pushed.get(name), report)) await this.#push(name, report)
    }
    this.#registered = true
  }

  async #register(reports: CheckReports): Promise<void> {
    const { client, clock, service } = this.#options
    const checks = checkNames.map((name): CheckDefinition => ({
      id: this.#checkId(name),
      name,
      ttl: TTL,
      status: reports[name].status,
      ...(name === 'agent' ? { deregisterAfter: DEREGISTER_AFTER } : {}),
    }))
    await client.register(service, checks, { signal: this.#life.signal })
    this.#readBackAt = clock.now()
  }

  #hasOtherStatus(): boolean {
    const reports = this.#options.reports()
    return checkNames.some((name) => this.#pushed.get(name)?.status !== reports[name].status)
  }

  async #push(name: CheckName, report: CheckReport): Promise<void> {
    const { signal } = this.#life
    await this.#options.client.report(this.#checkId(name), report.status, report.output, { signal })
    this.#pushed.set(name, report)
    this.#pushedAt = this.#options.clock.now()
  }

  /** Finds what an agent restart or a person changed; the next step then registers the whole definition again. */
  async #readBack(): Promise<void> {
    const { client, clock, service } = this.#options
    const found = await client.registered(service.id, { signal: this.#life.signal })
    this.#readBackAt = clock.now()
    const complete = found !== null && checkNames.every((name) => found.checks.has(this.#checkId(name)))
    this.#registered = complete && isSameService(found.service, service)
  }

  #checkId(name: CheckName): string {
    return `${this.#options.service.id}:${name}`
  }

  #tell(state: RegistrationState, reason: string): void {
    if (this.#told?.[0] === state && this.#told[1] === reason) return
    this.#told = [state, reason]
    this.#options.onState(state, reason)
  }
}

const reasonOf = (error: unknown): string => {
  if (error instanceof ConsulError) return error.subject
  throw error
}

const isSame = (one: CheckReport | undefined, other: CheckReport): boolean =>
  one?.status === other.status && one.output === other.output

function isSameService(one: ServiceDefinition, other: ServiceDefinition): boolean {
  const shape = ({ id, name, address, port, tags, meta }: ServiceDefinition): string =>
    JSON.stringify([id, name, address, port, tags, Object.entries(meta).sort(([a], [b]) => (a < b ? -1 : 1))])
  return shape(one) === shape(other)
}
