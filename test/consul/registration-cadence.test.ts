// When the registration does what, against a scripted Consul and with a clock of the test's own.
import assert from 'node:assert/strict'
import { setTimeout as pause } from 'node:timers/promises'
import { test } from 'node:test'
import type { RegistrationOptions } from '../../src/consul/registration.ts'
import type { Clock } from '../../src/engine/ports.ts'
import { clientOf, consulAt } from '../support/consul.ts'
import { freePort } from '../support/ports.ts'
import { waitFor } from '../support/wait-for.ts'
import { registered } from './registered.ts'

/** Time passes only in `advance`, which lets everything that became due finish. */
function testClock(): Clock & { advance(ms: number): Promise<void> } {
  let now = 0
  const due = new Map<object, { readonly at: number; readonly fire: () => void }>()
  return {
    now: () => now,
    wall: () => now,
    arm(after, fire) {
      const timer = { cancel: () => due.delete(timer) }
      due.set(timer, { at: now + after, fire })
      return timer
    },
    async advance(ms) {
      const end = now + ms
      for (;;) {
        await pause(0)
        const [timer, next] = [...due].sort(([, a], [, b]) => a.at - b.at)[0] ?? []
        if (timer === undefined || next === undefined || next.at > end) break
        due.delete(timer)
        now = Math.max(now, next.at)
        next.fire()
      }
      now = end
    },
  }
}

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
    const clock = testClock()
    const { client, calls } = takesAll(clock)
    const { registration, reports } = registered(t, nowhere, { client, clock, resync: 1_000_000 })
    await clock.advance(0)
    while (clock.now() < 60_000) {
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
  const clock = testClock()
  const { client, calls } = takesAll(clock)
  registered(t, nowhere, { client, clock })
  await clock.advance(0)
  assert.deepEqual(
    calls.map(([, call]) => call),
    ['register agent passing, calculator critical', 'agent passing', 'calculator critical'],
  )
})

test('asked to, it registers anew at once, though a turn is under way', async (t) => {
  const clock = testClock()
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
  const clock = testClock()
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

test('a Consul that is away is asked again at growing pauses of at most 5 s', async (t) => {
  const clock = testClock()
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
  await waitFor('tries over 30 s', async () => {
    await clock.advance(250)
    return clock.now() >= 30_000
  })
  const gaps = tries.slice(1).map((time, index) => time - (tries[index] ?? 0))
  assert.ok(gaps.length >= 6 && Math.max(...gaps) <= 5500, gaps.join())
  assert.equal(states.length, 1)
})
