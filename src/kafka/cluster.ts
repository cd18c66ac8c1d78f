import type { KafkaConfig, ISocketFactory } from 'kafkajs'
import { AgentError } from '../domain/errors.ts'
import type { Clock } from '../engine/ports.ts'
import type { Millis } from '../domain/time.ts'
import { BufferPool } from '../wire/buffer-pool.ts'
import { BrokerConnection } from './connection.ts'
import { connectionError } from './kafkajs-internals.ts'
import { kafkaJsLog, type KafkaLog } from './log.ts'
import { metadata, type BrokerAddress, type ClusterFacts } from './protocol/metadata.ts'
import type { ApiVersions, KafkaRequest } from './protocol/request.ts'

/** TLS and login as kafkajs wants them, for one connection. */
export interface Security {
  readonly ssl: NonNullable<KafkaConfig['ssl']> | null
  readonly sasl: NonNullable<KafkaConfig['sasl']> | null
}

export interface ClusterOptions {
  /** `host:port` each. */
  readonly brokers: readonly string[]
  readonly clientId: string
  /** Of a connection that is about to be opened. */
  readonly security: () => Security
  readonly log: KafkaLog
  readonly clock: Clock
  /** Instead of TCP or TLS: with it tests cut and hold back what passes. */
  readonly socketFactory?: ISocketFactory
  /** Memory that may lie unused, bytes; more than 32 MiB counts as that, which is also the default. */
  readonly unusedBytes?: number
}

/** A request, or how to make it once the broker's versions are known. */
export type Ask<T> = KafkaRequest<T> | ((versions: ApiVersions) => KafkaRequest<T>)

/** A TLS handshake with a far broker takes its time; so does a login. */
const CONNECTION_TIMEOUT: Millis = 5_000
const METADATA = 3
/** A quota that is used up is told so often. */
const THROTTLED_AGAIN: Millis = 30_000
/** All that was in use at once may lie unused, so that the flow makes no garbage. A guard, no target. */
const UNUSED_BYTES_MAX = 32 * 1024 * 1024

/**
 * The brokers of a Kafka cluster over connections of our own, opened when they are first needed. A broker answers one
 * connection in order: what must not wait for a parked request takes another cluster, or another `lane`.
 * Nothing is tried twice here: who asked knows whether, and when, to ask again.
 */
export class KafkaCluster {
  /** For what is large and does not live long. Large answers are from here. */
  readonly pool: BufferPool
  readonly #options: ClusterOptions
  readonly #logCreator: ReturnType<typeof kafkaJsLog>
  readonly #connections = new Map<string, Promise<BrokerConnection>>()
  #addresses = new Map<number, BrokerAddress>()
  #firstSeed = 0
  #throttledAt: Millis = -Infinity
  #closed = false

  constructor(options: ClusterOptions) {
    this.#options = options
    this.pool = new BufferPool(Math.min(UNUSED_BYTES_MAX, options.unusedBytes ?? UNUSED_BYTES_MAX))
    this.#logCreator = kafkaJsLog(options.log, options.clock)
  }

  /**
   * Asks one broker, by its node id. Rejects with BrokerError for a version it does not know, with kafkajs's error
   * when it cannot be reached or the connection breaks, with AgentError SHUTDOWN_STATE when this cluster is closed.
   */
  async send<T>(node: number, ask: Ask<T>, lane = 0): Promise<T> {
    const connection = await this.connect(node, lane)
    return connection.send(typeof ask === 'function' ? ask(connection.versions) : ask)
  }

  /** The open connection to one broker, for those to whom the order of their requests matters. Rejects as `send`. */
  async connect(node: number, lane = 0): Promise<BrokerConnection> {
    return this.#connection(this.#addresses.get(node) ?? (await this.#lookFor(node)), lane)
  }

  /** Asks whichever broker can be reached. Rejects as `send`, for the last of them that was tried. */
  async sendToAny<T>(ask: Ask<T>): Promise<T> {
    const connection = await this.#anyConnection()
    return connection.send(typeof ask === 'function' ? ask(connection.versions) : ask)
  }

  /** Leaders, ids and partitions of `topics`, and, for later requests, where the brokers are. Rejects as `sendToAny`. */
  async metadata(topics: readonly string[]): Promise<ClusterFacts> {
    const facts = await this.sendToAny((versions) => metadata(topics, versions[METADATA]?.maxVersion ?? 0))
    if (facts.brokers.length > 0) this.#addresses = new Map(facts.brokers.map((broker) => [broker.node, broker]))
    return facts
  }

  /** Ends all connections at once; what is under way is rejected. */
  close(): void {
    this.#closed = true
    for (const connection of this.#connections.values()) {
      connection.then((open) => open.close()).catch(() => undefined)
    }
    this.#connections.clear()
  }

  #throttled(broker: string, ms: Millis): void {
    const { clock, log } = this.#options
    if (clock.now() - this.#throttledAt < THROTTLED_AGAIN) return
    this.#throttledAt = clock.now()
    const text = `a quota is used up: the broker asks for a pause of ${ms} ms`
    log('info', text, { event: 'kafka.throttled', broker, pauseMs: ms })
  }

  async #lookFor(node: number): Promise<BrokerAddress> {
    await this.metadata([])
    const found = this.#addresses.get(node)
    if (!found) throw connectionError('this broker is not in the cluster now', `node ${node}`)
    return found
  }

  async #anyConnection(): Promise<BrokerConnection> {
    for (const [key, each] of this.#connections) {
      const connection = key.endsWith('/0') ? await each.catch(() => null) : null
      if (connection?.isOpen) return connection
    }
    const seeds = this.#options.brokers.map(addressOf)
    const first = this.#firstSeed++ % seeds.length
    const candidates = [...this.#addresses.values(), ...seeds.slice(first), ...seeds.slice(0, first)]
    let last: unknown = new AgentError('UNAVAILABLE', 'no broker is known')
    for (const candidate of candidates) {
      try {
        return await this.#connection(candidate, 0)
      } catch (error) {
        last = error
      }
    }
    throw last
  }

  async #connection({ host, port }: Pick<BrokerAddress, 'host' | 'port'>, lane: number): Promise<BrokerConnection> {
    const key = `${host}:${port}/${lane}`
    const known = this.#connections.get(key)
    if (known) {
      const connection = await known.catch(() => null)
      if (connection?.isOpen) return connection
      if (this.#connections.get(key) === known) this.#connections.delete(key)
      return this.#connection({ host, port }, lane)
    }
    if (this.#closed) throw new AgentError('SHUTDOWN_STATE', 'the connection to Kafka is closed')
    const { clientId, security, clock, socketFactory } = this.#options
    const options = {
      host,
      port,
      clientId,
      ...security(),
      clock,
      pool: this.pool,
      connectionTimeout: CONNECTION_TIMEOUT,
      logCreator: this.#logCreator,
      ...(socketFactory && { socketFactory }),
    }
    const opening = BrokerConnection.open(options, (ms) => this.#throttled(`${host}:${port}`, ms))
    this.#connections.set(key, opening)
    try {
      return await opening
    } catch (error) {
      if (this.#connections.get(key) === opening) this.#connections.delete(key)
      throw error
    }
  }
}

/** `host:port`, `[::1]:port`. */
export function addressOf(broker: string): { host: string; port: number } {
  const colon = broker.lastIndexOf(':')
  return { host: broker.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(broker.slice(colon + 1)) }
}
