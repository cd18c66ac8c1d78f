import type { IncomingMessage } from 'node:http'
import type { Level } from '../../domain/events.ts'
import type { Millis } from '../../domain/time.ts'
import { refusal } from '../../wire/http/browser-guard.ts'
import { json, type Answer } from '../answer.ts'
import { defaultFailureLimits, Failures, type FailureLimits } from './failures.ts'
import { challengeOf, roleOf, type Keys, type Role } from './keys.ts'

export interface GateOptions {
  readonly keys: Keys
  /** Monotonic. */
  readonly now: () => Millis
  /** Told of refusals: a page of another site, the first failure of an address in a minute, and the last one. */
  readonly refused: (level: Level, text: string, address: string) => void
  readonly failures?: FailureLimits
}

/** Lets a request in, with a role, or says why not. Nothing of a request's body is read before it is in. */
export class Gate {
  readonly #options: GateOptions
  readonly #failures: Failures
  readonly #most: number

  constructor(options: GateOptions) {
    this.#options = options
    const limits = options.failures ?? defaultFailureLimits
    this.#failures = new Failures(options.now, limits)
    this.#most = limits.most
  }

  admit({ headers, socket }: IncomingMessage): Role | Answer {
    const { keys, refused } = this.#options
    const address = socket.remoteAddress ?? ''
    const { host, origin, authorization } = headers
    // Credentials are asked for, so that a foreign name that leads here is of no use: no list of hosts.
    const foreign = refusal({ host, origin }, null)
    if (foreign !== null) {
      refused('warn', 'a page of another site', address)
      return json(403, { error: 'a page of another site may not control the agent' }, closing)
    }
    const wait = this.#failures.wait(address)
    if (wait > 0) {
      const seconds = String(Math.ceil(wait / 1000))
      const error = 'too many wrong credentials from this address'
      return json(429, { error, retryAfterSeconds: Number(seconds) }, { ...closing, 'Retry-After': seconds })
    }
    const role = authorization === undefined ? null : roleOf(authorization, keys)
    if (role !== null) return role
    // Who brings nothing guesses nothing: browsers ask that way first.
    if (authorization !== undefined) this.#count(address)
    return json(401, { error: 'credentials are needed' }, { ...closing, 'WWW-Authenticate': challengeOf(keys) })
  }

  #count(address: string): void {
    const count = this.#failures.failed(address)
    const { refused } = this.#options
    if (count === 1) refused('warn', 'wrong credentials', address)
    if (count === this.#most) refused('error', `${count} wrong credentials: refused until the minute ends`, address)
  }
}

/** A body that was sent along stays unread. */
const closing = { Connection: 'close' }
