import type { Config } from '../config/config.ts'
import { chooseAdvertise } from '../consul/advertise.ts'
import { checkReports } from '../consul/check-reports.ts'
import type { ConsulClient } from '../consul/client.ts'
import { Registration } from '../consul/registration.ts'
import { serviceDefinition } from '../consul/service-definition.ts'
import { RunDocumentWatch } from '../consul/watch.ts'
import type { ConsulSettings } from '../config/consul-settings.ts'
import type { AgentModel } from '../engine/agent-model.ts'
import type { DocumentNews } from '../engine/document/document-control.ts'
import type { EventRing } from '../engine/event-ring.ts'
import type { Clock } from '../engine/ports.ts'
import type { Millis } from '../domain/time.ts'
import { version } from '../version.ts'
import { consulClient } from './consul-client.ts'

export interface ConsulParts {
  readonly config: Config
  readonly clock: Clock
  readonly events: EventRing
  readonly model: AgentModel
  readonly news: (news: DocumentNews) => void
}

/** The agent's two ties to Consul: its registration, and the run document that it follows. */
export class ConsulTies {
  readonly #client: ConsulClient
  readonly #watch: RunDocumentWatch
  readonly #registration: Registration
  readonly #unsubscribe: () => void

  private constructor(
    client: ConsulClient,
    watch: RunDocumentWatch,
    registration: Registration,
    unsubscribe: () => void,
  ) {
    this.#client = client
    this.#watch = watch
    this.#registration = registration
    this.#unsubscribe = unsubscribe
  }

  /** `port`: of the HTTP listener, null when it is off. */
  static async begin(parts: ConsulParts, consul: ConsulSettings, port: number | null): Promise<ConsulTies> {
    const { config, clock, events, model } = parts
    const client = consulClient(consul)
    const address = await advertised(consul, events)
    const registration = new Registration({
      client,
      clock,
      service: serviceDefinition({
        name: consul.serviceName,
        instanceId: config.instanceId,
        address,
        port,
        cluster: config.kafka?.groupId ?? config.nodeId ?? '',
        version,
        platformVersion: config.platformVersion,
      }),
      resync: consul.resyncIntervalMs,
      reports: () => checkReports(model.snapshot()),
      onState: (state, reason) => {
        model.consul(state, reason)
        const known = state === 'registered'
        events.publish(
          known ? 'consul.registered' : 'consul.unreachable',
          known ? 'info' : 'warn',
          known ? 'registered in Consul' : 'Consul cannot be used, the data path goes on',
          known ? { service: consul.serviceName, address } : { reason },
        )
      },
    })
    const watch = new RunDocumentWatch({
      client,
      clock,
      key: consul.documentKey,
      resync: consul.resyncIntervalMs,
      onNews: parts.news,
    })
    registration.start()
    watch.start()
    const unsubscribe = events.subscribe(({ level }) => {
      if (level !== 'debug') registration.changed()
    })
    return new ConsulTies(client, watch, registration, unsubscribe)
  }

  /** Reads the run document now (SIGHUP). */
  refresh(): void {
    this.#watch.refresh()
  }

  /** Time since Consul last told what the run document's key holds; null before it did. */
  get answerAge(): Millis | null {
    return this.#watch.answerAge
  }

  /** With other credentials from now on. */
  renew({ tls, token }: Pick<ConsulSettings, 'tls' | 'token'>): void {
    this.#client.renew({ token, ...(tls ?? {}) })
    this.#registration.again()
    this.#watch.refresh()
  }

  /** The document is not followed any more; the registration stays, so that "draining" can be seen. */
  unfollow(): void {
    this.#watch.close()
  }

  async end(): Promise<void> {
    this.#unsubscribe()
    this.#watch.close()
    await this.#registration.stop()
    this.#client.close()
  }
}

async function advertised(consul: ConsulSettings, events: EventRing): Promise<string> {
  const { address, reason, warning } = await chooseAdvertise({
    advertise: consul.advertise,
    podIp: consul.podIp,
    consulHost: consul.host,
  })
  events.publish('consul.advertise', warning === undefined ? 'info' : 'warn', warning ?? 'address chosen', {
    address,
    reason,
  })
  return address
}
