import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { isIPv6, type LookupFunction } from 'node:net'
import type { ConsulOptions } from './calls.ts'

/** The connections to Consul: kept open, by TLS where it is wanted. */
export function connections({ host, secure, ca, cert, key, serverName }: ConsulOptions): HttpAgent {
  // npm consul hands on an IPv6 address in brackets, which no resolver knows.
  const lookup: LookupFunction = (_name, options, found) =>
    options.all === true ? found(null, [{ address: host, family: 6 }]) : found(null, host, 6)
  const direct = isIPv6(host) ? { lookup } : {}
  if (!secure) return new HttpAgent({ keepAlive: true, ...direct })
  return new HttpsAgent({
    keepAlive: true,
    ...direct,
    ...(ca ? { ca } : {}),
    ...(cert ? { cert } : {}),
    ...(key ? { key } : {}),
    ...(serverName ? { servername: serverName } : {}),
  })
}
