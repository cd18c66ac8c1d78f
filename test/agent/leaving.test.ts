// The order in which streams end, whatever goes wrong on the way.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { leaveStreams, type Leaving } from '../../src/agent/leaving.ts'
import { FakeClock } from '../support/fake-clock.ts'

const steps = ['drain', 'stop', 'finish', 'deregister', 'close'] as const
type Step = (typeof steps)[number]

/** Leaves; `how` says what becomes of a step, which is well where it says nothing. */
async function leave(how: Partial<Record<Step | 'change', () => Promise<never>>>) {
  const clock = new FakeClock()
  const taken: Step[] = []
  const failures: string[] = []
  const take = (step: Step): Promise<undefined> => {
    taken.push(step)
    return how[step]?.() ?? Promise.resolve(undefined)
  }
  const adoption: Leaving = {
    workers: { drain: () => take('drain').then(() => true), finished: () => take('finish') },
    close: () => how.change?.() ?? Promise.resolve(),
    closeSides: () => take('close'),
  }
  const began = clock.now()
  let took = Infinity
  const left = leaveStreams({
    ...{ clock, adoption, adoptionGraceMs: 3000, stop: () => take('stop') },
    deregister: () => take('deregister'),
    hurry: new Promise(() => undefined),
    failed: (error) => failures.push(String(error)),
  }).then(() => (took = clock.now() - began))
  await clock.advance(2000)
  assert.ok(took <= 900, `${took} ms`)
  await left
  assert.equal(clock.pending, 0)
  return { taken, failures }
}

for (const step of steps) {
  test(`where the streams fail to ${step} the other steps are taken all the same, and it is told`, async () => {
    const { taken, failures } = await leave({ [step]: () => Promise.reject(new Error(`cannot ${step}`)) })
    assert.deepEqual(taken, steps)
    assert.deepEqual(failures, [`Error: cannot ${step}`])
  })
}

for (const step of ['finish', 'deregister', 'close'] as const) {
  test(`where the streams never ${step} they are left so`, async () => {
    const { taken, failures } = await leave({ [step]: () => new Promise<never>(() => undefined) })
    assert.deepEqual(taken, steps)
    assert.deepEqual(failures, [])
  })
}

test('where nobody answers any more all of it together takes no longer, and is tried', async () => {
  const never = (): Promise<never> => new Promise<never>(() => undefined)
  const { taken, failures } = await leave({ change: never, finish: never, deregister: never, close: never })
  assert.deepEqual(taken, steps)
  assert.deepEqual(failures, [])
})
