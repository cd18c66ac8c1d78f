// What to do when a broker cannot be reached, by what the connection broke of.
import { codeOf, messageOf } from '../../domain/errors.ts'
import { BrokerError } from '../broker-error.ts'
import type { KafkaOptions } from '../options.ts'

const byCode: Readonly<Record<string, string>> = {
  ENOTFOUND: 'correct the host name, or let the name server know it',
  EAI_AGAIN: 'correct the host name, or let the name server answer',
  ECONNREFUSED: 'start the broker, or correct the port',
  EHOSTUNREACH: 'open the way to it: route, firewall, network policy',
  ENETUNREACH: 'open the way to it: route, firewall, network policy',
  ETIMEDOUT: 'open the way to it: route, firewall, network policy',
  CERT_HAS_EXPIRED: "renew the broker's certificate",
  CERT_NOT_YET_VALID: "set this machine's clock, or the one of the authority",
  ERR_TLS_CERT_ALTNAME_INVALID: 'set KAFKA_TLS_SERVER_NAME to a name that the certificate carries',
  EPROTO: 'name the TLS port of the broker, or set KAFKA_TLS=false',
  ERR_SSL_WRONG_VERSION_NUMBER: 'name the TLS port of the broker, or set KAFKA_TLS=false',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'set KAFKA_TLS_CERT_FILE and KAFKA_TLS_KEY_FILE',
}

const untrusted = 'put the authority that signed the broker’s certificate into KAFKA_TLS_CA_FILE'
const silent = 'open the way to it (firewall, network policy), or name the port that speaks as KAFKA_TLS says'

/** One sentence. `error`: what a KafkaCluster rejected with. */
export function connectionCure(error: unknown, { tls, sasl }: Pick<KafkaOptions, 'tls' | 'sasl'>): string {
  const code = codeOf(error)
  const message = messageOf(error)
  if (error instanceof BrokerError && error.type === 'UNSUPPORTED_VERSION')
    return 'name the port of a broker: a controller answers like this, too'
  const known = byCode[code]
  if (known !== undefined) return known
  if (/SELF_SIGNED|UNABLE_TO_(VERIFY|GET)|CERT_UNTRUSTED|CERT_SIGNATURE/.test(code)) return untrusted
  if (error instanceof Error && error.name === 'KafkaJSSASLAuthenticationError')
    return 'check KAFKA_SASL_MECHANISM, the user name and the password'
  if (/certificate required|bad certificate|handshake failure/i.test(message))
    return 'set KAFKA_TLS_CERT_FILE and KAFKA_TLS_KEY_FILE to a certificate the broker accepts'
  if (/in time|timeout/i.test(message)) return silent
  if (tls) return 'name the TLS port of the broker, or set KAFKA_TLS=false; it may also refuse the client certificate'
  return sasl === null
    ? 'the listener may want TLS (KAFKA_TLS=true) or a login (KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD)'
    : 'the listener may want TLS: set KAFKA_TLS=true, or name a port without it'
}
