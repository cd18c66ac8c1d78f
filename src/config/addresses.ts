// KAFKA_DSN, CONSUL_DSN and HTTP_LISTEN: addresses, with the credentials that may stand inside them.
import { isIP } from 'node:net'
import type { ValueType } from './types.ts'
import { isHostName } from './types.ts'

export interface KafkaDsn {
  /** `host:port` each. */
  readonly brokers: readonly string[]
  /** True for `kafka+tls://`. */
  readonly tls: boolean
  readonly username: string | null
  readonly password: string | null
}

export interface ConsulDsn {
  readonly host: string
  readonly port: number
  readonly secure: boolean
}

/** `host` null: every address of the machine, IPv4 and IPv6. */
export interface ListenAddress {
  readonly host: string | null
  readonly port: number
}

const KAFKA_FORMS = 'host:port[,host:port…], kafka://user:password@host:port or kafka+tls://host:port'
const CONSUL_FORMS = 'host:port, http://host:port or https://host:port'

/** `kafka://`, `kafka+tls://` or bare, an optional `user:password@` (percent-encoded), brokers; the port may be left out (9092). */
export const kafkaDsn: ValueType<KafkaDsn> = {
  label: 'brokers',
  parse: (raw) => {
    const match = /^(?:(kafka|kafka\+tls):\/\/)?(?:([^@/]*)@)?([^@/]+)\/?$/i.exec(raw)
    const brokers = (match?.[3] ?? '').split(',').map((part) => target(part.trim(), 9092))
    const [username, password] = (match?.[2] ?? '').split(/:(.*)/s, 2).map(decode)
    if (match === null || brokers.includes(null) || username === null || password === null || password === '') {
      throw new Error(`should be ${KAFKA_FORMS}${encodingHint(raw)}`)
    }
    return {
      brokers: brokers.flatMap((broker) => (broker === null ? [] : [joined(broker)])),
      tls: match[1]?.toLowerCase() === 'kafka+tls',
      username: username === undefined || username === '' ? null : username,
      password: password ?? null,
    }
  },
}

/** A password from a generator is the usual reason why a DSN with a login cannot be read. */
const encodingHint = (raw: string): string =>
  raw.includes('@') ? '; in the user and the password @ is %40, / is %2F and % is %25' : ''

/** Bare `host[:port]` (8500), or a URL whose port follows the scheme as for the Consul CLI (80, 443). */
export const consulDsn: ValueType<ConsulDsn> = {
  label: 'address',
  parse: (raw) => {
    if (raw.includes('@')) throw new Error(`should be ${CONSUL_FORMS}; a token goes to CONSUL_HTTP_TOKEN`)
    const match = /^(?:(https?):\/\/)?([^@/?#]+)\/?$/i.exec(raw)
    const scheme = match?.[1]?.toLowerCase()
    const place = target(match?.[2] ?? '', scheme === undefined ? 8500 : scheme === 'https' ? 443 : 80)
    if (place === null) throw new Error(`should be ${CONSUL_FORMS}`)
    return { ...place, secure: scheme === 'https' }
  },
}

/** `:8080` and `8080` (all addresses), `host:port`, or null for `off`. Port 0 lets the system choose. */
export const listenAddress: ValueType<ListenAddress | null> = {
  label: 'address or `off`',
  parse: (raw) => {
    if (raw.toLowerCase() === 'off') return null
    const everywhere = /^:?(\d{1,5})$/.exec(raw)
    const place = hostPort(everywhere === null ? raw : `all:${everywhere[1] ?? ''}`, null)
    if (place === null) throw new Error('should be :port, host:port or off')
    return everywhere === null ? place : { host: null, port: place.port }
  },
}

/**
 * A DSN with everything hidden that is, or could be, a password: user information, and in a text that is no address
 * whatever follows a colon but a number.
 */
export function maskDsn(raw: string): string {
  const [, scheme = '', rest = ''] = /^([a-z][a-z0-9+._-]*:\/\/)?(.*)$/is.exec(raw) ?? []
  const at = rest.lastIndexOf('@')
  if (at < 0 && rest.split(/[,;\s]+/).every((part) => /^[\w.-]+(:\d+)?$/.test(part))) return raw
  const places = rest
    .slice(at + 1)
    .split(',')
    .map((part) => (hostPort(part.trim().replace(/\/$/, ''), 0) === null ? part.replace(/:.*/s, ':***') : part))
  return `${scheme}${at < 0 ? '' : '***@'}${places.join(',')}`
}

const decode = (word: string): string | null => {
  try {
    return decodeURIComponent(word)
  } catch (error) {
    if (error instanceof URIError) return null
    throw error
  }
}

function hostPort(word: string, defaultPort: number | null): { host: string; port: number } | null {
  const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(word)
  const host = match?.[1] ?? match?.[2]
  const port = match?.[3] === undefined ? defaultPort : Number(match[3])
  if (host === undefined || port === null || port > 65_535) return null
  return (match?.[1] === undefined ? isHostName(host) : isIP(host) === 6) ? { host, port } : null
}

/** One to connect to: port 0 is none. */
function target(word: string, defaultPort: number): { host: string; port: number } | null {
  const place = hostPort(word, defaultPort)
  return place?.port === 0 ? null : place
}

const joined = ({ host, port }: { host: string; port: number }): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
