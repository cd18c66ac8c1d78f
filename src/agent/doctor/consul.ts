// Consul, and the settings that its run document and the environment give together.
import type { Config } from '../../config/config.ts'
import type { ConsulSettings } from '../../config/consul-settings.ts'
import { chooseAdvertise } from '../../consul/advertise.ts'
import type { ConsulClient } from '../../consul/client.ts'
import { examineConsul } from '../../consul/doctor.ts'
import { ConsulError } from '../../consul/errors.ts'
import { neededRights } from '../../consul/policy.ts'
import { ok, problem, warning, type Finding } from '../../domain/finding.ts'
import { applyDocument, parseRunDocument } from '../../domain/stream/run-document.ts'
import type { StreamSettings } from '../../domain/stream/settings.ts'
import type { Millis } from '../../domain/time.ts'
import type { Clock } from '../../engine/ports.ts'
import { consulClient } from '../consul-client.ts'
import { obstacleFor } from '../obstacle.ts'
import { withLimit } from './limit.ts'

export interface ConsulAndDocument {
  readonly findings: readonly Finding[]
  /** What would be in force. */
  readonly settings: StreamSettings
  /** There is no run document yet, and without it the agent waits. */
  readonly isAwaited: boolean
}

/** Consul has `limit` ms for everything it is asked. Without CONSUL_DSN nothing is found, and the environment is in force. */
export async function examineConsulAndDocument(
  config: Config,
  clock: Clock,
  limit: Millis,
): Promise<ConsulAndDocument> {
  const { consul, streams } = config
  if (consul === null) return { findings: [], settings: streams, isAwaited: false }
  const client = consulClient(consul)
  try {
    let [settings, isAwaited] = [streams, false]
    const look = async (add: (findings: readonly Finding[]) => void): Promise<void> => {
      const { answers, findings } = await examineConsul({
        client,
        clock,
        hasToken: consul.token !== null,
        rights: neededRights(consul),
      })
      add(findings)
      if (!answers) return
      add(await examineAddress(consul))
      const document = await examineDocument(config, consul.documentKey, client)
      settings = document.settings
      isAwaited = document.isAwaited ?? false
      add([document.finding])
    }
    const findings = await withLimit('consul.reachable', `Consul at ${client.address}`, { clock, limit }, look)
    return { findings, settings, isAwaited }
  } finally {
    client.close()
  }
}

async function examineDocument(
  config: Config,
  key: string,
  client: ConsulClient,
): Promise<{ readonly finding: Finding; readonly settings: StreamSettings; readonly isAwaited?: boolean }> {
  const { streams } = config
  const obstacle = obstacleFor(config)
  const [check, subject] = ['consul.document', `run document at ${key}`] as const
  const read = await client.read(key).catch((error: unknown) => {
    if (error instanceof ConsulError) return error
    throw error
  })
  if (read instanceof ConsulError) {
    const cure =
      read.status === null
        ? 'let CONSUL_DSN name a Consul agent'
        : `give the token key:read on "${key}", as \`pidpiper consul policy\` prints it`
    return { finding: problem(check, subject, `cannot be read: ${read.subject}`, cure), settings: streams }
  }
  const cure = `write a document that is right: consul kv put ${key} @document.json`
  if (read.entry === null) {
    const missing = obstacle(streams)
    const finding =
      missing === null
        ? ok(check, subject, 'there is none: the environment alone decides')
        : warning(check, subject, `there is none, and ${missing}: the agent will wait for it`, cure)
    return { finding, settings: streams, isAwaited: missing !== null }
  }
  const parsed = parseRunDocument(read.entry.text, new Set(config.runDocumentAllow))
  if ('problems' in parsed) {
    return { finding: problem(check, subject, parsed.problems.join('; '), cure), settings: streams }
  }
  const settings = applyDocument(streams, parsed.document)
  const why = obstacle(settings)
  const seen = `valid, version ${read.entry.modifyIndex}`
  return { finding: why === null ? ok(check, subject, seen) : problem(check, subject, why, cure), settings }
}

async function examineAddress(consul: ConsulSettings): Promise<Finding[]> {
  const {
    address,
    reason,
    warning: told,
  } = await chooseAdvertise({
    advertise: consul.advertise,
    podIp: consul.podIp,
    consulHost: consul.host,
  })
  const [check, subject] = ['consul.address', 'address to register'] as const
  if (told === undefined) return [ok(check, subject, `${address} (${reason})`)]
  return [
    warning(
      check,
      subject,
      `${address}: only loopback is there`,
      'set CONSUL_ADVERTISE to an address others can reach',
    ),
  ]
}
