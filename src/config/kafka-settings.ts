// Kafka: the address, TLS and login, put together from KAFKA_DSN and KAFKA_*.
import type { Millis } from '../domain/time.ts'
import type { Findings } from './findings.ts'
import type { TlsSettings, TlsVariables } from './tls-settings.ts'
import { tlsSettings, warnOfIdleTls } from './tls-settings.ts'

export type SaslSettings =
  | {
      readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512'
      readonly username: string
      readonly password: string
    }
  | { readonly mechanism: 'oauthbearer'; readonly token: string }

export interface KafkaSettings {
  /** `host:port` each. */
  readonly brokers: readonly string[]
  readonly groupId: string
  readonly tls: TlsSettings | false
  readonly sasl: SaslSettings | null
  readonly compression: 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'
  readonly sessionTimeoutMs: Millis
  readonly groupProtocol: 'cooperative' | 'eager'
  /** null: a dynamic member. */
  readonly groupInstanceId: string | null
  /** Leave the consumer group on stop; a dynamic member always does. */
  readonly leaveOnStop: boolean
  /** null: wait for ever. */
  readonly waitMs: Millis | null
}

/** Null when KAFKA_DSN is not set; with a wrong one the other rules are checked all the same. */
export function kafkaSettings(findings: Findings): KafkaSettings | null {
  if (!findings.isSet('KAFKA_DSN')) return null
  const { values } = findings
  const tls = tlsOrPlain(findings)
  const sasl = saslSettings(findings)
  if (sasl?.mechanism === 'plain' && tls === false && values.KAFKA_DSN !== null) {
    findings.warn('the Kafka password travels in clear text: use kafka+tls:// or KAFKA_TLS=true')
  }
  if (findings.isSet('LEAVE_ON_STOP') && !findings.isSet('GROUP_INSTANCE_ID')) {
    findings.warn('LEAVE_ON_STOP has no effect without GROUP_INSTANCE_ID: a dynamic member always leaves')
  }
  return {
    brokers: values.KAFKA_DSN?.brokers ?? [],
    groupId: values.KAFKA_CONSUMER_GROUP,
    tls,
    sasl,
    compression: values.KAFKA_COMPRESSION,
    sessionTimeoutMs: values.KAFKA_SESSION_TIMEOUT,
    groupProtocol: values.GROUP_PROTOCOL,
    groupInstanceId: values.GROUP_INSTANCE_ID,
    leaveOnStop: values.LEAVE_ON_STOP,
    waitMs: values.KAFKA_WAIT,
  }
}

const tlsVariables: TlsVariables = {
  ca: 'KAFKA_TLS_CA_FILE',
  cert: 'KAFKA_TLS_CERT_FILE',
  key: 'KAFKA_TLS_KEY_FILE',
  serverName: 'KAFKA_TLS_SERVER_NAME',
}

function tlsOrPlain(findings: Findings): TlsSettings | false {
  const { values } = findings
  const byScheme = values.KAFKA_DSN?.tls === true
  if (values.KAFKA_TLS === false && byScheme) findings.problem('KAFKA_TLS', 'contradicts kafka+tls:// in KAFKA_DSN')
  if (byScheme || values.KAFKA_TLS === true) return tlsSettings(findings, tlsVariables)
  if (values.KAFKA_DSN !== null) warnOfIdleTls(findings, tlsVariables, 'set KAFKA_TLS=true')
  return false
}

function saslSettings(findings: Findings): SaslSettings | null {
  const { values } = findings
  const mechanism = values.KAFKA_SASL_MECHANISM
  if (mechanism === 'oauthbearer') {
    if (!findings.isSet('KAFKA_SASL_TOKEN')) findings.problem('KAFKA_SASL_TOKEN', 'is needed with oauthbearer')
    for (const name of ['KAFKA_SASL_USERNAME', 'KAFKA_SASL_PASSWORD'] as const) {
      if (findings.isSet(name)) findings.problem(name, 'does not go with oauthbearer, which takes KAFKA_SASL_TOKEN')
    }
    if (fromDsn(findings)) findings.problem('KAFKA_DSN', 'should carry no credentials with oauthbearer')
    return { mechanism, token: values.KAFKA_SASL_TOKEN ?? '' }
  }
  if (findings.isSet('KAFKA_SASL_TOKEN')) findings.problem('KAFKA_SASL_TOKEN', 'needs KAFKA_SASL_MECHANISM=oauthbearer')
  const username = pick(findings, 'KAFKA_SASL_USERNAME', values.KAFKA_DSN?.username ?? null)
  const password = pick(findings, 'KAFKA_SASL_PASSWORD', values.KAFKA_DSN?.password ?? null)
  const wanted = findings.isSet('KAFKA_SASL_MECHANISM') || username !== null || password !== null
  if (!wanted) return null
  if (username === null) findings.problem('KAFKA_SASL_USERNAME', 'is needed to log in')
  if (password === null) findings.problem('KAFKA_SASL_PASSWORD', 'is needed to log in')
  return { mechanism, username: username ?? '', password: password ?? '' }
}

const fromDsn = ({ values }: Findings): boolean =>
  (values.KAFKA_DSN?.username ?? null) !== null || (values.KAFKA_DSN?.password ?? null) !== null

/** From the variable or from KAFKA_DSN; both are refused unless they agree. Wrong but set counts as given. */
function pick(
  findings: Findings,
  name: 'KAFKA_SASL_USERNAME' | 'KAFKA_SASL_PASSWORD',
  inDsn: string | null,
): string | null {
  const own = findings.values[name]
  if (own !== null && inDsn !== null && own !== inDsn)
    findings.problem(name, 'contradicts the credentials in KAFKA_DSN')
  const dsnIsWrong = findings.isSet('KAFKA_DSN') && findings.values.KAFKA_DSN === null
  return own ?? inDsn ?? (findings.isSet(name) || dsnIsWrong ? '' : null)
}
