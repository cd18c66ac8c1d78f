import { CompressionTypes, Kafka, logLevel, type KafkaConfig } from 'kafkajs'
import { AgentError } from '../domain/errors.ts'
import type { Millis } from '../domain/time.ts'
import type { Clock } from '../engine/ports.ts'
import { KafkaCluster } from './cluster.ts'
import { kafkaJsLog, type KafkaLog } from './log.ts'

export interface KafkaTls {
  /** PEM texts. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  /** The name to look for in the broker's certificate, where it is not the host name. */
  readonly serverName?: string
}

export type KafkaSasl =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
      readonly username: string
      readonly password: string
    }
  | { readonly mechanism: 'oauthbearer'; readonly token: string }

export type Compression = 'none' | 'gzip'

export interface KafkaOptions {
  /** `host:port` each. */
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly groupId: string
  readonly tls: KafkaTls | false
  readonly sasl: KafkaSasl | null
  readonly sessionTimeoutMs: Millis
  /** Static membership: kafkajs has none, so it is ignored with one warning. */
  readonly groupInstanceId?: string
  readonly compression: Compression
}

/** Retries of kafkajs's consumers and producers; what outlasts them is repeated, and shown, by the source and the sinks. */
export const RETRY = { initialRetryTime: 100, maxRetryTime: 1_000, multiplier: 2, factor: 0.2, retries: 5 }

/** Retries of its connections: each tries the next of the brokers, and whoever asked tries again anyway. */
const CONNECTION_RETRY = { initialRetryTime: 100, maxRetryTime: 300, multiplier: 2, factor: 0.2 }

/** A TLS handshake with a far broker does not fit into kafkajs's own 1 s. */
const CONNECTION_TIMEOUT: Millis = 5_000

/** The options as kafkajs wants them. */
export function kafkaConfig(options: KafkaOptions, log: KafkaLog, clock: Clock): KafkaConfig {
  const { brokers, clientId, tls, sasl } = options
  return {
    brokers: [...brokers],
    clientId,
    connectionTimeout: CONNECTION_TIMEOUT,
    retry: { ...CONNECTION_RETRY, retries: Math.max(2, brokers.length) },
    logLevel: logLevel.INFO,
    logCreator: kafkaJsLog(log, clock),
    ...(tls && { ssl: tlsOptions(tls) }),
    ...(sasl && { sasl: saslOptions(sasl) }),
  }
}

/** A cluster with connections of its own, by the same options. */
export function createCluster(options: KafkaOptions, log: KafkaLog, clock: Clock): KafkaCluster {
  const { brokers, clientId, tls, sasl } = options
  return new KafkaCluster({
    brokers,
    clientId,
    ssl: tls ? tlsOptions(tls) : null,
    sasl: sasl ? saslOptions(sasl) : null,
    log,
    clock,
  })
}

/** One kafkajs client; each of its consumers, producers and admins has connections of its own. */
export const createKafka = (options: KafkaOptions, log: KafkaLog, clock: Clock): Kafka =>
  new Kafka(kafkaConfig(options, log, clock))

const tlsOptions = ({ ca, cert, key, serverName }: KafkaTls): NonNullable<Exclude<KafkaConfig['ssl'], boolean>> => ({
  ...(ca !== undefined && { ca: [ca] }),
  ...(cert !== undefined && { cert }),
  ...(key !== undefined && { key }),
  ...(serverName !== undefined && { servername: serverName }),
})

function saslOptions(sasl: KafkaSasl): NonNullable<KafkaConfig['sasl']> {
  switch (sasl.mechanism) {
    case 'oauthbearer': {
      const { token } = sasl
      return { mechanism: 'oauthbearer', oauthBearerProvider: () => Promise.resolve({ value: token }) }
    }
    case 'plain':
      return { mechanism: 'plain', username: sasl.username, password: sasl.password }
    case 'scram-sha-256':
      return { mechanism: 'scram-sha-256', username: sasl.username, password: sasl.password }
    case 'scram-sha-512':
      return { mechanism: 'scram-sha-512', username: sasl.username, password: sasl.password }
  }
}

const codecs: Record<Compression, CompressionTypes> = { none: CompressionTypes.None, gzip: CompressionTypes.GZIP }

export const compressionCodec = (compression: Compression): CompressionTypes => codecs[compression]

/** Reads KAFKA_COMPRESSION. Throws AgentError BAD_CONFIGURATION for a codec that kafkajs does not have. */
export function parseCompression(text: string): Compression {
  if (text === 'none' || text === 'gzip') return text
  throw new AgentError('BAD_CONFIGURATION', `KAFKA_COMPRESSION=${text}: this version compresses with none or gzip`)
}
