import type { Clock, Timer } from '../engine/ports.ts'
import type { Millis } from '../domain/time.ts'
import { refuse } from './broker-error.ts'
import { asError } from './errors.ts'
import {
  connectionError,
  createConnection,
  destroyConnection,
  exchange,
  logIn,
  type Connection,
  type SocketOptions,
} from './kafkajs-internals.ts'
import { apiVersions, type ApiVersions, type KafkaRequest } from './protocol/request.ts'
import { RequestWriter } from './protocol/request-writer.ts'
import { ResponseReader } from './protocol/response-reader.ts'

const REQUEST_TIMEOUT: Millis = 30_000
const SASL_AUTHENTICATE = 36

/**
 * One open connection to one broker. Requests are sent, and answered, in the order of the calls. After a failure or a
 * timeout it is broken for good: nobody could tell which requests the broker has seen.
 */
export class BrokerConnection {
  readonly address: string
  readonly #throttled: (ms: Millis) => void
  readonly #clock: Clock
  readonly #clientId: string
  readonly #sasl: boolean
  readonly #connection: Connection
  #versions: ApiVersions = {}
  #broken: Error | null = null
  /** The broker handles nothing of this connection before: a quota is used up. */
  #throttledUntil: Millis = 0

  private constructor(options: SocketOptions, throttled: (ms: Millis) => void) {
    this.address = `${options.host}:${options.port}`
    this.#throttled = throttled
    this.#clock = options.clock
    this.#clientId = options.clientId
    this.#sasl = options.sasl !== null
    this.#connection = createConnection(options)
  }

  /**
   * Connects, learns the broker's versions and logs in, within the connection timeout. Rejects with kafkajs's error.
   * `throttled`: called when a quota is used up.
   */
  static async open(options: SocketOptions, throttled: (ms: Millis) => void): Promise<BrokerConnection> {
    const opened = new BrokerConnection(options, throttled)
    const { address } = opened
    const timer = options.clock.arm(options.connectionTimeout, () =>
      opened.#break(connectionError('no answer in time', address)),
    )
    try {
      await opened.#connection.connect()
      opened.#connection.socket?.once('close', () =>
        opened.#break(connectionError('the connection was closed', address)),
      )
      await opened.#greet()
    } catch (error) {
      const reason = opened.#broken ?? asError(error)
      opened.#break(reason)
      throw reason
    } finally {
      timer.cancel()
    }
    return opened
  }

  get isOpen(): boolean {
    return this.#broken === null && this.#connection.isConnected()
  }

  get versions(): ApiVersions {
    return this.#versions
  }

  /**
   * Rejects with kafkajs's error when the connection breaks: the broker may or may not have done what was asked.
   * Throws BrokerError UNSUPPORTED_VERSION for a request that this broker does not know.
   */
  async send<T>(request: KafkaRequest<T>): Promise<T> {
    this.#refuseUnknown(request)
    if (this.#sasl && !this.#connection.isAuthenticated()) await logIn(this.#connection)
    return this.#exchange(request)
  }

  close(): void {
    this.#break(connectionError('closed', this.address))
  }

  async #greet(): Promise<void> {
    const { error, versions } = await this.#exchange(apiVersions)
    refuse(error)
    this.#versions = versions
    this.#connection.setVersions(versions)
    this.#connection.setSupportAuthenticationProtocol(SASL_AUTHENTICATE in versions)
    if (this.#sasl) await logIn(this.#connection)
  }

  async #exchange<T>(request: KafkaRequest<T>): Promise<T> {
    if (this.#broken) throw this.#broken
    const limit = request.timeoutMs ?? REQUEST_TIMEOUT
    let timer: Timer | null = null
    const watch = (after: Millis): void => {
      timer = this.#clock.arm(after, () => {
        const rest = this.#throttledUntil + limit - this.#clock.now()
        if (rest > 0) watch(rest)
        else this.#break(connectionError(`no answer to ${request.apiName} within ${limit / 1000} s`, this.address))
      })
    }
    try {
      const payload = await exchange(this.#connection, request, (correlationId) => {
        // A quota may hold the request back, here or at the broker: that is no time of its own.
        watch(limit)
        return this.#frame(request, correlationId)
      })
      const from = new ResponseReader(payload)
      if (request.flexible === true) from.skipTags()
      const answer = request.decode(from)
      this.#throttle(request.throttleMs?.(answer) ?? 0)
      return answer
    } finally {
      cancel(timer)
    }
  }

  /** For `ms` nothing is sent, and what was sent before is not answered. */
  #throttle(ms: Millis): void {
    if (ms <= 0) return
    this.#connection.requestQueue.maybeThrottle(ms)
    this.#throttledUntil = Math.max(this.#throttledUntil, this.#clock.now() + ms)
    this.#throttled(ms)
  }

  #frame<T>(request: KafkaRequest<T>, correlationId: number): readonly Uint8Array[] {
    const writer = new RequestWriter()
      .int16(request.apiKey)
      .int16(request.apiVersion)
      .int32(correlationId)
      .string(this.#clientId)
    if (request.flexible === true) writer.noTags()
    request.encode(writer)
    return [...new RequestWriter().int32(writer.length).pieces(), ...writer.pieces()]
  }

  #refuseUnknown<T>({ apiKey, apiName, apiVersion }: KafkaRequest<T>): void {
    const known = this.#versions[apiKey]
    if (known && apiVersion >= known.minVersion && apiVersion <= known.maxVersion) return
    const range = known ? `${known.minVersion} to ${known.maxVersion}` : 'none'
    refuse(UNSUPPORTED_VERSION, `broker ${this.address} does not know ${apiName} ${apiVersion}: it has ${range}`)
  }

  #break(reason: Error): void {
    if (this.#broken) return
    this.#broken = reason
    destroyConnection(this.#connection, reason)
  }
}

const UNSUPPORTED_VERSION = 35

/** By a function: the compiler does not see that a callback has set it. */
const cancel = (timer: Timer | null): void => timer?.cancel()
