import type { ISocketFactory, KafkaConfig } from 'kafkajs'
import type { Clock } from '../engine/ports.ts'
import { KafkaCluster } from './cluster.ts'
import type { KafkaLog } from './log.ts'

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

export interface KafkaOptions {
  /** `host:port` each. */
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly tls: KafkaTls | false
  readonly sasl: KafkaSasl | null
}

/** A cluster of brokers with connections of its own. `socketFactory`: default TCP, or TLS. */
export const createCluster = (
  options: KafkaOptions,
  log: KafkaLog,
  clock: Clock,
  socketFactory?: ISocketFactory,
): KafkaCluster => {
  const { brokers, clientId } = options
  return new KafkaCluster({
    brokers,
    clientId,
    ...security(options),
    log,
    clock,
    ...(socketFactory && { socketFactory }),
  })
}

/** TLS and login as kafkajs wants them. */
export const security = ({ tls, sasl }: Pick<KafkaOptions, 'tls' | 'sasl'>): Security => ({
  ssl: tls ? tlsOptions(tls) : null,
  sasl: sasl ? saslOptions(sasl) : null,
})

interface Security {
  readonly ssl: NonNullable<KafkaConfig['ssl']> | null
  readonly sasl: NonNullable<KafkaConfig['sasl']> | null
}

const tlsOptions = ({ ca, cert, key, serverName }: KafkaTls): NonNullable<KafkaConfig['ssl']> => ({
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
