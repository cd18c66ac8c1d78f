// When the registration does what, against a scripted Consul and with a clock of the test's own.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RegistrationOptions } from '../../src/consul/registration.ts'
import type { Clock } from '../../src/engine/ports.ts'
import { clientOf, consulAt } from '../support/consul.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { freePort } from '../support/ports.ts'
import { waitFor } from '../support/wait-for.ts'
import { registered } from './registered.ts'

const nowhere = consulAt('http://127.0.0.1:1')

/** A Consul that takes everything; what came is written down. */
function takesAll(clock: Clock): {
  client: RegistrationOptions['client']
  calls: (readonly [at: number, call: string])[]
} {
  const calls: (readonly [number, string])[] = []
  const take = (call: string): Promise<void> => {
    calls.push([clock.now(), call])
    return Promise.resolve()
  }
  const client: RegistrationOptions['client'] = {
    register: (_service, checks) =>
      take(`register ${checks.map(({ name, status }) => `${name} ${status}`).join(', ')}`),
    deregister: () => take('deregister'),
    registered: () => Promise.resolve(null),
    report: (id, status) => take(`${id.split(':')[1] ?? ''} ${status}`),
  }
  return { client, calls }
}

for (const every of [1000, 4000]) {
  test(`both checks are renewed each 5 s, though one of them changes each ${every / 1000} s`, async (t) => {
    const clock = new FakeClock()
    const { client, calls } = takesAll(clock)
    const { registration, reports } = registered(t, nowhere, { client, clock, resync: 1_000_000 })
    await clock.advance(0)
    for (const end = clock.now() + 60_000; clock.now() < end;) {
      reports.calculator = { status: 'warning', output: `lag ${clock.now()}` }
      registration.changed()
      await clock.advance(every)
    }
    const renewals = calls.filter(([, call]) => call.startsWith('agent')).map(([at]) => at)
    const gaps = renewals.slice(1).map((time, index) => time - (renewals[index] ?? 0))
    assert.ok(gaps.length >= 11 && Math.max(...gaps) <= 5200, gaps.join())
  })
}

test('the registration itself says what the checks say, so that nothing flickers', async (t) => {
  const clock = new FakeClock()
  const { client, calls } = takesAll(clock)
  registered(t, nowhere, { client, clock })
  await clock.advance(0)
  assert.deepEqual(
    calls.map(([, call]) => call),
    ['register agent passing, calculator critical', 'agent passing', 'calculator critical'],
  )
})

test('a change is pushed 100 ms later, with all that came in between as one', async (t) => {
  const clock = new FakeClock()
  const { client, calls } = takesAll(clock)
  const { registration, reports } = registered(t, nowhere, { client, clock })
  await clock.advance(1_000)
  calls.length = 0
  for (const count of [1, 2, 3]) {
    reports.calculator = { status: 'critical', output: `FATAL ${count}` }
    registration.changed()
  }
  const due = clock.now() + 100
  await clock.advance(1_000)
  assert.deepEqual(calls, [[due, 'calculator critical']])
})

test('a text that changes all the time is pushed once a second, its last state for certain', async (t) => {
  const clock = new FakeClock()
  const { client, calls } = takesAll(clock)
  let shown = ''
  const listening: typeof client = {
    ...client,
    report: (id, status, output) => {
      shown = output
      return client.report(id, status, output)
    },
  }
  const { registration, reports } = registered(t, nowhere, { client: listening, clock, resync: 1_000_000 })
  await clock.advance(10)
  calls.length = 0
  const say = (status: 'passing' | 'warning', output: string): void => {
    reports.calculator = { status, output }
    registration.changed()
  }
  say('passing', 'run 0')
  await clock.advance(100)
  for (let run = 1; run <= 200; run++) {
    say('passing', `run ${run}`)
    await clock.advance(20)
  }
  const pushes = calls.filter(([, call]) => call === 'calculator passing').length
  assert.ok(pushes >= 4 && pushes <= 5, `${pushes} in 4.1 s`)
  await clock.advance(1000)
  assert.equal(shown, 'run 200')
  say('passing', 'run 201')
  await clock.advance(50)
  say('warning', 'BACKOFF')
  await clock.advance(50)
  assert.equal(shown, 'BACKOFF', 'another status does not wait')
})

test('asked to, it registers anew at once, though a turn is under way', async (t) => {
  const clock = new FakeClock()
  const { client, calls } = takesAll(clock)
  const { registration } = registered(t, nowhere, { client, clock, resync: 1_000_000 })
  const registrations = (): number => calls.filter(([, call]) => call.startsWith('register')).length
  await clock.advance(12_000)
  assert.equal(registrations(), 1)
  registration.again()
  await clock.advance(0)
  assert.equal(registrations(), 2)
  registration.again()
  // The turn that has begun may have asked with the old token.
  registration.again()
  await clock.advance(10)
  assert.equal(registrations(), 4)
  await clock.advance(60_000)
  assert.equal(registrations(), 4)
})

test('the end is never overtaken by a registration that is under way', async (t) => {
  const clock = new FakeClock()
  const { client, calls } = takesAll(clock)
  let arrive: () => void = () => assert.fail('no registration')
  const slow: RegistrationOptions['client'] = {
    ...client,
    register: async (service, checks, options) => {
      await new Promise<void>((resolve) => (arrive = resolve))
      await client.register(service, checks, options)
    },
  }
  const { registration } = registered(t, nowhere, { client: slow, clock })
  await clock.advance(0)
  const stopped = registration.stop()
  await clock.advance(100)
  arrive()
  await stopped
  assert.equal(calls.at(-1)?.[1], 'deregister')
  assert.equal(calls.filter(([, call]) => call.startsWith('register')).length, 1)
  await clock.advance(60_000)
  assert.equal(calls.at(-1)?.[1], 'deregister')
})

test('the end takes 900 ms at most, of which a call that is under way gets 360 ms', async (t) => {
  const clock = new FakeClock()
  const began = clock.now()
  const limits: (number | undefined)[] = []
  const client: RegistrationOptions['client'] = {
    ...takesAll(clock).client,
    register: (_service, _checks, options) =>
      new Promise((_resolve, reject) => {
        options?.signal?.addEventListener('abort', () => reject(new Error('aborted')))
      }),
    deregister: (_service, options) => {
      limits.push(clock.now() - began, options?.timeout)
      return Promise.resolve()
    },
  }
  const { registration } = registered(t, nowhere, { client, clock })
  const stopped = registration.stop()
  await clock.advance(360)
  await stopped
  assert.deepEqual(limits, [360, 540])
})

test('the end is tried even where its time is over before it can be', async (t) => {
  const clock = new FakeClock()
  const limits: (number | undefined)[] = []
  const late = Promise.withResolvers<undefined>()
  const client: RegistrationOptions['client'] = {
    ...takesAll(clock).client,
    register: () => late.promise,
    deregister: (_service, options) => {
      limits.push(options?.timeout)
      return Promise.resolve()
    },
  }
  const { registration } = registered(t, nowhere, { client, clock })
  const stopped = registration.stop()
  // As on a machine that is paused: what was aborted long ago is only now seen to be.
  await clock.advance(1500)
  late.resolve(undefined)
  await stopped
  assert.deepEqual(limits, [100])
})

test('a Consul that is away is asked again at growing pauses of at most 5 s', async (t) => {
  const clock = new FakeClock()
  const tries: number[] = []
  const refuse = (): Promise<never> => Promise.reject(new Error('unused'))
  const away = clientOf(t, consulAt(`http://127.0.0.1:${await freePort()}`))
  const client: RegistrationOptions['client'] = {
    register: async (service, checks) => {
      tries.push(clock.now())
      await away.register(service, checks)
    },
    deregister: () => Promise.resolve(),
    registered: refuse,
    report: refuse,
  }
  const { states } = registered(t, nowhere, { client, clock })
  const end = clock.now() + 30_000
  await waitFor('tries over 30 s', async () => {
    // While a try is under way nothing is awaited of the clock, which stands still then.
    if (clock.pending > 0) await clock.advance(250)
    return clock.now() >= end
  })
  const gaps = tries.slice(1).map((time, index) => time - (tries[index] ?? 0))
  assert.ok(gaps.length >= 6 && Math.max(...gaps) <= 5500, gaps.join())
  assert.equal(states.length, 1)
})
