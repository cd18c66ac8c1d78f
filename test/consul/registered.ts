import type { TestContext } from 'node:test'
import type { CheckReports } from '../../src/consul/check-reports.ts'
import { Registration, type RegistrationOptions, type RegistrationState } from '../../src/consul/registration.ts'
import { serviceDefinition } from '../../src/consul/service-definition.ts'
import { systemClock } from '../../src/os/clock.ts'
import { clientOf, unique, type TestConsul } from '../support/consul.ts'

export interface Registered {
  readonly registration: Registration
  readonly name: string
  readonly id: string
  readonly states: (readonly [RegistrationState, string])[]
  readonly reports: { -readonly [N in keyof CheckReports]: CheckReports[N] }
}

/** A registration that has begun, of a service of the test's own; `reports` may be changed. */
export function registered(t: TestContext, consul: TestConsul, more: Partial<RegistrationOptions> = {}): Registered {
  const service = serviceDefinition({
    name: unique('bdz-wsp-node'),
    instanceId: 'pod-1',
    address: '10.1.2.3',
    port: 8080,
    cluster: 'default',
    version: '0.1.0',
    platformVersion: null,
  })
  const states: (readonly [RegistrationState, string])[] = []
  const reports: Registered['reports'] = {
    agent: { status: 'passing', output: 'running' },
    calculator: { status: 'critical', output: 'waiting for run document at a/b' },
  }
  const registration = new Registration({
    client: clientOf(t, consul, { timeout: 30_000 }),
    clock: systemClock,
    service,
    resync: 30_000,
    reports: () => reports,
    onState: (state, reason) => states.push([state, reason]),
    ...more,
  })
  t.after(() => registration.stop())
  registration.start()
  return { registration, name: service.name, id: service.id, states, reports }
}
