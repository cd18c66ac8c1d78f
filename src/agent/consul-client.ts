import type { ConsulSettings } from '../config/consul-settings.ts'
import { ConsulClient } from '../consul/client.ts'

/** A client of the Consul agent that the configuration names. */
export const consulClient = (consul: ConsulSettings): ConsulClient =>
  new ConsulClient({
    host: consul.host,
    port: consul.port,
    secure: consul.tls !== null,
    token: consul.token,
    namespace: consul.namespace,
    ...(consul.tls ?? {}),
  })
