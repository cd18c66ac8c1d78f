import type { ISocketFactory, KafkaConfig } from 'kafkajs'
import type { Clock } from '../engine/ports.ts'
import { KafkaCluster, type Security } from './cluster.ts'
import type { KafkaLog } from './log.ts'

/** How brokers are trusted, and who we are to them. */
export interface KafkaTls {
  /** PEM texts. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  /** The name to look for in the broker's certificate, where it is not the host name. */
  readonly serverName?: string
}

/** How to log in. */
export type KafkaSasl =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
      readonly username: string
      readonly password: string
    }
  | { readonly mechanism: 'oauthbearer'; readonly token: string }

/** Where the brokers are, and how to get in. */
export interface KafkaOptions {
  /** `host:port` each. */
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly tls: KafkaTls | false
  readonly sasl: KafkaSasl | null
  /** What is to be used in their place now: asked at each new connection, and each time that one logs in again. */
  readonly renewed?: () => KafkaCredentials
  /** As ClusterOptions has it. */
  readonly unusedBytes?: number
}

/** What may change while the agent runs. */
export type KafkaCredentials = Pick<KafkaOptions, 'tls' | 'sasl'>

/** A cluster of brokers with connections of its own. `socketFactory`: default TCP, or TLS. */
export const createCluster = (
  options: KafkaOptions,
  log: KafkaLog,
  clock: Clock,
  socketFactory?: ISocketFactory,
): KafkaCluster => {
  const { brokers, clientId, unusedBytes, renewed = (): KafkaCredentials => options } = options
  return new KafkaCluster({
    brokers,
    clientId,
    security: () => security(renewed),
    log,
    clock,
    ...(socketFactory && { socketFactory }),
    ...(unusedBytes !== undefined && { unusedBytes }),
  })
}

/** What the credentials of this moment come to. */
export function security(now: () => KafkaCredentials): Security {
  const { tls, sasl } = now()
  return {
    ssl: tls ? tlsOptions(tls) : null,
    sasl: sasl ? saslOptions(sasl, () => now().sasl ?? sasl) : null,
  }
}

const tlsOptions = ({ ca, cert, key, serverName }: KafkaTls): NonNullable<KafkaConfig['ssl']> => ({
  ...(ca !== undefined && { ca: [ca] }),
  ...(cert !== undefined && { cert }),
  ...(key !== undefined && { key }),
  ...(serverName !== undefined && { servername: serverName }),
})

/** kafkajs reads these each time that the connection logs in: the getters give what is right by then. */
function saslOptions(first: KafkaSasl, now: () => KafkaSasl): NonNullable<KafkaConfig['sasl']> {
  const named = <M extends string>(
    mechanism: M,
  ): { mechanism: M; readonly username: string; readonly password: string } => ({
    mechanism,
    get username() {
      const sasl = now()
      return 'username' in sasl ? sasl.username : ''
    },
    get password() {
      const sasl = now()
      return 'password' in sasl ? sasl.password : ''
    },
  })
  switch (first.mechanism) {
    case 'oauthbearer': {
      const bearer = (sasl: KafkaSasl): string => ('token' in sasl ? sasl.token : '')
      return { mechanism: 'oauthbearer', oauthBearerProvider: () => Promise.resolve({ value: bearer(now()) }) }
    }
    case 'plain':
      return named('plain')
    case 'scram-sha-256':
      return named('scram-sha-256')
    case 'scram-sha-512':
      return named('scram-sha-512')
  }
}
