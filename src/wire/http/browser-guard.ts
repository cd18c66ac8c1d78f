// Keeps pages of other sites from making a browser act here. Programs send no Origin, and are let through.
import { isIP } from 'node:net'

export interface Headers {
  readonly host?: string | undefined
  readonly origin?: string | undefined
}

/**
 * Why a request is refused, or null. An Origin must name the host that the request is for; with `names` given, that host
 * must be an IP address or one of the names, so that a foreign name which leads here (DNS rebinding) is of no use.
 * @param names in lower case; null: any host is right
 */
export function refusal({ host = '', origin }: Headers, names: ReadonlySet<string> | null): string | null {
  if (origin !== undefined && !isSameHost(origin, host)) return `Origin ${origin} is not the Host ${host}`
  if (names === null || host === '') return null
  const name = hostName(host)
  return isIP(name) > 0 || names.has(name)
    ? null
    : `Host ${host} is no name of this machine, which a server without a password asks for`
}

/** `Origin` is `scheme://host:port`, or `null` for a page without one. */
function isSameHost(origin: string, host: string): boolean {
  const match = /^(https?):\/\/(.+)$/i.exec(origin)
  if (match === null) return false
  const [, scheme = '', authority = ''] = match
  const port = scheme.toLowerCase() === 'https' ? ':443' : ':80'
  const bare = (text: string): string => (text.endsWith(port) ? text.slice(0, -port.length) : text).toLowerCase()
  return bare(authority) === bare(host)
}

/** Host without port, brackets and a final dot, in lower case. */
export function hostName(host: string): string {
  const lower = host.toLowerCase()
  const bracketed = /^\[([^\]]*)\](:\d*)?$/.exec(lower)
  if (bracketed !== null) return bracketed[1] ?? ''
  return lower.replace(/:\d*$/, '').replace(/\.$/, '')
}
