import type { ServiceDefinition } from './client.ts'

/** The tag by which agents find each other, whatever their service is called. */
const COMMON_TAG = 'pidpiper'

export interface ServiceFacts {
  /** CONSUL_NAME_TPL with NODE_ID in it. */
  readonly name: string
  readonly instanceId: string
  readonly address: string
  /** Of the HTTP listener; null when it is off. */
  readonly port: number | null
  readonly cluster: string
  readonly version: string
  readonly platformVersion: string | null
}

/** Consul takes no longer value of a meta field. */
const MAX_META = 512

/** The whole definition of our service; its id tells the replicas of one workspace apart. */
export function serviceDefinition(facts: ServiceFacts): ServiceDefinition {
  const { name, instanceId, address, port, cluster, version, platformVersion } = facts
  const host = address.includes(':') ? `[${address}]` : address
  const meta = {
    instance: instanceId,
    cluster,
    http: port === null ? '' : `http://${host}:${port}`,
    version,
    platform_version: platformVersion ?? '',
  }
  const known = Object.entries(meta).filter(([, value]) => value !== '')
  return {
    id: `${name}-${instanceId}`,
    name,
    address,
    port: port ?? 0,
    tags: [COMMON_TAG],
    meta: Object.fromEntries(known.map(([field, value]) => [field, value.slice(0, MAX_META)])),
  }
}
