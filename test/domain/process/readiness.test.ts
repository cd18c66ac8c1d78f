// Processes that say themselves when they are ready, and what a start is told of those before it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newProcess, specOfStart } from '../../../src/domain/process/state.ts'
import { calculator, World } from './world.ts'

test('RUNNING when it says so and not before, and its death before that is a failed start', () => {
  const world = new World(calculator({ ready: 'told' }))
  world.start()
  world.wait(3_600_000)
  assert.equal(world.state, 'STARTING')
  world.ready()
  assert.equal(world.state, 'RUNNING')
  world.exit(1)
  world.wait(0)
  for (const wait of [0, 500, 1000]) {
    world.wait(5000)
    assert.equal(world.state, 'STARTING')
    world.exit(1)
    assert.equal(world.state, 'BACKOFF')
    world.wait(wait)
  }
  assert.equal(world.process.retries, 3)
  world.ready()
  assert.equal(world.process.retries, 3, 'it has not answered anything yet')
  world.progressed()
  assert.equal(world.process.retries, 0)
})

test('a start is told which one it is since the last one that did its work', () => {
  const spec = calculator({ startVariable: 'ATTEMPT', environment: { A: 'b' } })
  const environmentOf = (retries: number): object => specOfStart({ ...newProcess(spec), retries }).environment
  assert.deepEqual(environmentOf(0), { A: 'b', ATTEMPT: '1' })
  assert.deepEqual(environmentOf(4), { A: 'b', ATTEMPT: '5' })
  const plain = calculator({})
  assert.equal(specOfStart(newProcess(plain)), plain)
})
