// TLS towards a server: the same four variables for Kafka and for Consul.
import type { Findings, PemVariable } from './findings.ts'
import type { VariableName } from './variables.ts'

export interface TlsSettings {
  /** PEM texts. */
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly serverName?: string
}

export interface TlsVariables {
  readonly ca: PemVariable
  readonly cert: PemVariable
  readonly key: PemVariable
  readonly serverName: 'KAFKA_TLS_SERVER_NAME' | 'CONSUL_TLS_SERVER_NAME'
}

/** Reads the files and checks that certificate and key come together. */
export function tlsSettings(findings: Findings, names: TlsVariables): TlsSettings {
  if (findings.isSet(names.cert) && !findings.isSet(names.key))
    findings.problem(names.key, `is needed with ${names.cert}`)
  if (findings.isSet(names.key) && !findings.isSet(names.cert))
    findings.problem(names.cert, `is needed with ${names.key}`)
  const ca = findings.pem(names.ca)
  const cert = findings.pem(names.cert)
  const key = findings.pem(names.key)
  const serverName = findings.values[names.serverName]
  return {
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(serverName !== null && { serverName }),
  }
}

/** Without TLS these variables do nothing: one warning with the cure. */
export function warnOfIdleTls(findings: Findings, names: TlsVariables, cure: string): void {
  const idle = Object.values(names).filter((name: VariableName) => findings.isSet(name))
  if (idle.length > 0) findings.warn(`${idle.join(', ')} without effect: ${cure} to connect with TLS`)
}
