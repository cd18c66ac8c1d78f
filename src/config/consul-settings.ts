// Consul: the address, TLS, token, and what is registered there.
import type { Millis } from '../domain/time.ts'
import type { Findings } from './findings.ts'
import type { TlsSettings, TlsVariables } from './tls-settings.ts'
import { tlsSettings, warnOfIdleTls } from './tls-settings.ts'
import type { VariableName } from './variables.ts'

export interface ConsulSettings {
  readonly host: string
  readonly port: number
  /** null: plain HTTP. */
  readonly tls: TlsSettings | null
  readonly token: string | null
  readonly namespace: string | null
  /** CONSUL_ADVERTISE as given; null: found at start, POD_IP first. */
  readonly advertise: string | null
  readonly podIp: string | null
  /** CONSUL_NAME_TPL with NODE_ID in its place. */
  readonly serviceName: string
  /** `<CONSUL_DIR>/<NODE_ID>`. */
  readonly documentKey: string
  readonly resyncIntervalMs: Millis
  /** null: wait for ever. */
  readonly waitMs: Millis | null
}

const withoutDsn = ['CONSUL_ADVERTISE', 'CONSUL_HTTP_TOKEN', 'CONSUL_WAIT', 'STATE_DIR'] as const

/** Null when CONSUL_DSN is not set; with a wrong one the other rules are checked all the same. `local`: no Kafka. */
export function consulSettings(findings: Findings, local: boolean): ConsulSettings | null {
  if (!findings.isSet('CONSUL_DSN')) {
    if (local) return null
    const idle: VariableName[] = withoutDsn.filter((name) => findings.isSet(name))
    // `none` says what is true here.
    if (findings.isSet('RUN_DOCUMENT_ALLOW') && findings.values.RUN_DOCUMENT_ALLOW.length > 0) {
      idle.push('RUN_DOCUMENT_ALLOW')
    }
    const those = idle.length === 0 ? '' : `; without effect: ${idle.join(', ')}`
    findings.warn(`CONSUL_DSN is not set: no registration and no run document, the environment alone decides${those}`)
    return null
  }
  const { values } = findings
  const nodeId = values.NODE_ID ?? ''
  return {
    host: values.CONSUL_DSN?.host ?? '',
    port: values.CONSUL_DSN?.port ?? 0,
    tls: tlsOrPlain(findings),
    token: values.CONSUL_HTTP_TOKEN,
    namespace: values.CONSUL_NAMESPACE,
    advertise: values.CONSUL_ADVERTISE,
    podIp: values.POD_IP,
    // A function, because `$&` in a replacement text means something to replace.
    serviceName: values.CONSUL_NAME_TPL.replace('%s', () => nodeId),
    documentKey: `${values.CONSUL_DIR.replace(/^\/+|\/+$/g, '')}/${nodeId}`,
    resyncIntervalMs: values.CONSUL_RESYNC_INTERVAL,
    waitMs: values.CONSUL_WAIT,
  }
}

const tlsVariables: TlsVariables = {
  ca: 'CONSUL_CACERT',
  cert: 'CONSUL_CLIENT_CERT',
  key: 'CONSUL_CLIENT_KEY',
  serverName: 'CONSUL_TLS_SERVER_NAME',
}

function tlsOrPlain(findings: Findings): TlsSettings | null {
  const dsn = findings.values.CONSUL_DSN
  if (dsn?.secure === true) return tlsSettings(findings, tlsVariables)
  if (dsn !== null) warnOfIdleTls(findings, tlsVariables, 'write CONSUL_DSN as https://host:port')
  return null
}
