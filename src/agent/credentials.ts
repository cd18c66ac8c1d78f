import { credentialFiles, fingerprint, readCredentials, type CredentialValues } from '../config/credentials.ts'
import type { Machine } from '../config/machine.ts'
import type { Environment } from '../config/read.ts'
import type { Millis } from '../domain/time.ts'
import type { EventRing } from '../engine/event-ring.ts'
import type { Clock, Timer } from '../engine/ports.ts'
import { secretsOf } from './secrets.ts'

export interface CredentialParts {
  readonly environment: Environment
  readonly machine: Machine
  /** As the configuration had them. */
  readonly first: CredentialValues
  readonly clock: Clock
  readonly events: EventRing
  /** No line may show these from now on. */
  readonly hide: (secrets: readonly string[]) => void
  /** Consul's are other ones now. */
  readonly consulChanged: (values: CredentialValues['consul']) => void
}

/** How often the files are looked at, and how often at most where many connections are opened at once. */
const EVERY: Millis = 5_000
const AT_MOST: Millis = 500

/** The credentials in force. Secrets are rotated under a running agent: new connections take what the files say now. */
export class Credentials {
  readonly #parts: CredentialParts
  readonly #files: readonly string[]
  #values: CredentialValues
  /** Empty: the first look compares with the configuration, which was read a while before. */
  #seen = ''
  #lookedAt: Millis
  #problem: string | null = null
  #timer: Timer | null = null

  constructor(parts: CredentialParts) {
    this.#parts = parts
    this.#files = credentialFiles(parts.environment)
    this.#values = parts.first
    this.#lookedAt = parts.clock.now()
  }

  /** For a connection that is about to be opened. */
  kafka(): NonNullable<CredentialValues['kafka']> {
    if (this.#parts.clock.now() - this.#lookedAt >= AT_MOST) this.look()
    return this.#values.kafka ?? { tls: false, sasl: null }
  }

  /** Begins to look at the files, where there are any. */
  start(): void {
    if (this.#files.length === 0) return
    this.#timer = this.#parts.clock.arm(EVERY, () => {
      this.look()
      this.start()
    })
  }

  stop(): void {
    this.#timer?.cancel()
  }

  /** Takes what the files say now; what cannot be used is told once, and the last good values stay in force. */
  look(): void {
    const { environment, machine, clock, events, hide, consulChanged } = this.#parts
    this.#lookedAt = clock.now()
    if (this.#files.length === 0) return
    const seen = fingerprint(this.#files, machine)
    if (seen === this.#seen) return
    const read = readCredentials(environment, machine)
    // Files that changed while they were read are looked at again.
    if (fingerprint(this.#files, machine) !== seen) return
    this.#seen = seen
    if ('problems' in read) {
      const problem = read.problems.join('; ')
      if (problem === this.#problem) return
      this.#problem = problem
      events.publish('credentials.refused', 'warn', 'cannot use the new secrets, the old ones stay in force', {
        problem,
      })
      return
    }
    const mended = this.#problem !== null
    this.#problem = null
    const old = this.#values
    hide(secretsOf(read))
    this.#values = { kafka: old.kafka && read.kafka, consul: old.consul && read.consul }
    const changed = (['kafka', 'consul'] as const).filter((side) => differs(old[side], this.#values[side]))
    if (changed.length > 0 || mended)
      events.publish('credentials.renewed', 'info', 'new connections use what the files say now', { changed })
    if (changed.includes('consul')) consulChanged(this.#values.consul)
  }
}

type Side = CredentialValues['kafka'] | CredentialValues['consul']

const differs = (one: Side, other: Side): boolean => shape(one) !== shape(other)

function shape(side: Side): string {
  if (side === null) return ''
  return JSON.stringify('sasl' in side ? [side.tls, side.sasl] : [side.tls, side.token])
}
