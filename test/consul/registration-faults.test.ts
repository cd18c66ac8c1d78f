// Whatever Consul answers, forgets and takes its time for: once it is well, it has what it should, and no more was asked
// of it than it can bear.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { CheckReports } from '../../src/consul/check-reports.ts'
import type { CallOptions } from '../../src/consul/calls.ts'
import type { ServiceDefinition } from '../../src/consul/client.ts'
import { ConsulError } from '../../src/consul/errors.ts'
import { Registration, type RegistrationOptions } from '../../src/consul/registration.ts'
import { FakeClock } from '../support/fake-clock.ts'

type Status = CheckReports['agent']['status']
type Health = 'well' | 'away' | 500 | 404 | 'shaky'
type Deed =
  | { readonly health: Health }
  | { readonly delay: number }
  | { readonly forgets: 'everything' | 'checks' | 'service' }
  | { readonly text: number }
  | { readonly status: Status }
  | { readonly wait: number }
  | { readonly again: true }

const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({ health: fc.constantFrom<Health>('well', 'away', 500, 404, 'shaky') }),
  fc.record({ delay: fc.constantFrom(0, 30, 500) }),
  fc.record({ forgets: fc.constantFrom('everything' as const, 'checks' as const, 'service' as const) }),
  fc.record({ text: fc.nat(9) }),
  fc.record({ status: fc.constantFrom<Status>('passing', 'warning', 'critical') }),
  { weight: 2, arbitrary: fc.record({ wait: fc.integer({ min: 1, max: 8000 }) }) },
  fc.constant({ again: true } as const),
)

class FaultyConsul {
  readonly services = new Map<string, ServiceDefinition>()
  readonly checks = new Map<string, { readonly status: Status; readonly output: string; readonly at: number }>()
  readonly #clock: FakeClock
  health: Health = 'well'
  delay = 0
  calls = 0

  constructor(clock: FakeClock) {
    this.#clock = clock
  }

  readonly client: RegistrationOptions['client'] = {
    register: async (service, checks, options) => {
      await this.#answer(options)
      this.services.set(service.id, service)
      for (const { id, status } of checks) {
        if (!this.checks.has(id)) this.checks.set(id, { status, output: '', at: this.#clock.now() })
      }
    },
    deregister: async (_service, options) => {
      await this.#answer(options)
      this.forget('everything')
    },
    report: async (id, status, output, options) => {
      await this.#answer(options)
      if (!this.checks.has(id)) throw new ConsulError('Unknown check ID', 404)
      this.checks.set(id, { status, output, at: this.#clock.now() })
    },
    registered: async (id, options) => {
      await this.#answer(options)
      const service = this.services.get(id)
      return service === undefined ? null : { service, checks: new Set(this.checks.keys()) }
    },
  }

  forget(what: 'everything' | 'checks' | 'service'): void {
    if (what !== 'checks') this.services.clear()
    if (what !== 'service') this.checks.clear()
  }

  async #answer({ signal }: CallOptions = {}): Promise<void> {
    this.calls += 1
    if (this.delay > 0) {
      await new Promise<void>((resolve, reject) => {
        this.#clock.arm(this.delay, resolve)
        signal?.addEventListener('abort', () => reject(new ConsulError('request aborted', null)))
      })
    }
    const now = this.health === 'shaky' ? ([500, 404, 'away', 'well', 'well'] as const)[this.calls % 5] : this.health
    if (now === 'away') throw new ConsulError('connection refused', null)
    if (typeof now === 'number') throw new ConsulError(`status ${now}`, now)
  }
}

const service: ServiceDefinition = { id: 's', name: 'n', address: '10.0.0.1', port: 1, tags: [], meta: {} }

async function play(script: readonly Deed[]): Promise<void> {
  const clock = new FakeClock()
  const consul = new FaultyConsul(clock)
  let calculator: CheckReports['calculator'] = { status: 'warning', output: '' }
  const reports = (): CheckReports => ({ agent: { status: 'passing', output: 'running' }, calculator })
  const states: string[] = []
  const registration = new Registration({
    ...{ client: consul.client, clock, service, resync: 30_000, reports },
    onState: (state) => states.push(state),
  })
  const says = (change: Partial<CheckReports['calculator']>): void => {
    calculator = { ...calculator, ...change }
    registration.changed()
  }
  registration.start()
  for (const deed of script) {
    if ('health' in deed) consul.health = deed.health
    else if ('delay' in deed) consul.delay = deed.delay
    else if ('forgets' in deed) consul.forget(deed.forgets)
    else if ('text' in deed) says({ output: String(deed.text) })
    else if ('status' in deed) says({ status: deed.status })
    else if ('again' in deed) registration.again()
    else {
      const before = consul.calls
      await clock.advance(deed.wait)
      assert.ok(consul.calls - before <= 20 + deed.wait / 50, `${consul.calls - before} calls in ${deed.wait} ms`)
    }
  }
  Object.assign(consul, { health: 'well', delay: 0 })
  await clock.advance(41_000)
  assert.equal(states.at(-1), 'registered')
  assert.equal(consul.services.size, 1)
  const shown = () => (['agent', 'calculator'] as const).map((name) => consul.checks.get(`s:${name}`))
  for (const [index, { status, output }] of Object.values(reports()).entries()) {
    const check = shown()[index]
    assert.deepEqual([check?.status, check?.output], [status, output])
    assert.ok(clock.now() - (check?.at ?? 0) <= 5200, 'it is renewed')
  }
  says({ output: 'the last text' })
  await clock.advance(1100)
  assert.equal(shown()[1]?.output, 'the last text')
  says({ status: calculator.status === 'critical' ? 'passing' : 'critical' })
  await clock.advance(100)
  assert.equal(shown()[1]?.status, calculator.status)
  await registration.stop()
  await clock.advance(20_000)
  assert.equal(consul.services.size, 0)
  assert.equal(clock.pending, 0)
}

test('whatever happens to Consul, in the end it has the service, both checks and the last text', async () => {
  await fc.assert(fc.asyncProperty(fc.array(deed, { maxLength: 30 }), play), { numRuns: 150 })
})
