// What proves who the agent is, as far as it stands in files: read once with everything else, and again when they change.
import { createHash } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { consulSettings, type ConsulSettings } from './consul-settings.ts'
import { Findings, type PemVariable } from './findings.ts'
import { kafkaSettings, type KafkaSettings } from './kafka-settings.ts'
import type { Machine } from './machine.ts'
import { reason } from './problem.ts'
import { fileForms, readVariables, type Environment } from './read.ts'
import type { TlsSettings } from './tls-settings.ts'

export interface CredentialValues {
  readonly kafka: Pick<KafkaSettings, 'tls' | 'sasl'> | null
  readonly consul: Pick<ConsulSettings, 'tls' | 'token'> | null
}

const pemVariables: readonly PemVariable[] = [
  ...(['KAFKA_TLS_CA_FILE', 'KAFKA_TLS_CERT_FILE', 'KAFKA_TLS_KEY_FILE'] as const),
  ...(['CONSUL_CACERT', 'CONSUL_CLIENT_CERT', 'CONSUL_CLIENT_KEY'] as const),
]

/** The files that hold credentials for Kafka and Consul. */
export const credentialFiles = (environment: Environment): readonly string[] =>
  [...fileForms.keys(), ...pemVariables]
    .filter((name) => /^(KAFKA|CONSUL)_/.test(name))
    .map((name) => environment[name] ?? '')
    .filter((path) => path !== '')

/** Differs when a file's contents do: time stamps miss two changes within one tick. */
export function fingerprint(files: readonly string[], machine: Machine): string {
  const hash = createHash('sha256')
  for (const path of files) {
    try {
      hash.update(machine.read(path)).update('\0')
    } catch {
      // Why it cannot be read is told when the values are.
      hash.update('\0\0')
    }
  }
  return hash.digest('hex')
}

/**
 * The credentials as the files have them now, or what is wrong with them, without a secret. Refused too is what could
 * not be used for a connection: a certificate with the key of another, as when only one of two files was replaced yet.
 */
export function readCredentials(
  environment: Environment,
  machine: Machine,
): CredentialValues | { readonly problems: readonly string[] } {
  const findings = new Findings(readVariables(environment, machine), {}, environment, machine)
  const kafka = kafkaSettings(findings)
  const consul = consulSettings(findings, true)
  const problems = [
    ...findings.problems
      .filter(({ name }) => /^(KAFKA|CONSUL)_/.test(name))
      .map(({ name, expected }) => `${name} ${expected}`),
    ...unusable(kafka?.tls, 'KAFKA_TLS_CERT_FILE and KAFKA_TLS_KEY_FILE'),
    ...unusable(consul?.tls, 'CONSUL_CLIENT_CERT and CONSUL_CLIENT_KEY'),
  ]
  return problems.length > 0 ? { problems } : { kafka, consul }
}

function unusable(tls: TlsSettings | false | null | undefined, names: string): string[] {
  if (!tls) return []
  const { ca, cert, key } = tls
  try {
    createSecureContext({
      ...(ca !== undefined && { ca }),
      ...(cert !== undefined && { cert }),
      ...(key !== undefined && { key }),
    })
    return []
  } catch (error) {
    return [`${names} should be a certificate and its own key (${reason(error)})`]
  }
}
