// A program whose every run ends with its work (PROTOCOL=batch): it is up while runs follow one another.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { step } from '../../../src/domain/process/machine.ts'
import { isUp } from '../../../src/domain/process/state.ts'
import { calculator, World } from './world.ts'

const spec = calculator({ startsecs: 1, autorestart: true, backoff: { kind: 'progress', max: 30_000, floor: 50 } })

/** What a look each 10 ms says of `times` runs that end with `code` after 300 ms. */
function looks(world: World, times: number, code = 0): Set<boolean> {
  const seen = new Set<boolean>()
  for (let run = 0; run < times; run += 1) {
    for (let look = 0; look < 30; look += 1) {
      world.wait(10)
      seen.add(isUp(world.process))
    }
    world.exit(code)
    seen.add(isUp(world.process))
    while (!world.alive && world.deadline !== null) world.wait(world.deadline.due - world.now)
  }
  return seen
}

const afterARun = (): World => {
  const world = new World(spec)
  world.start()
  looks(world, 1)
  return world
}

test('runs shorter than startsecs: up from the end of the first, without a gap', () => {
  const world = new World(spec)
  world.start()
  world.wait(300)
  assert.deepEqual([world.state, isUp(world.process)], ['STARTING', false])
  world.exit(0)
  assert.deepEqual([world.state, isUp(world.process)], ['EXITED', true])
  world.wait(0)
  assert.deepEqual([world.state, isUp(world.process)], ['STARTING', true])
  assert.deepEqual([...looks(world, 20)], [true])
})

test('a run that fails ends that, until one does its work again', () => {
  const world = afterARun()
  world.exit(1)
  assert.equal(isUp(world.process), false)
  assert.deepEqual([...looks(world, 3, 1)], [false])
  looks(world, 1)
  assert.deepEqual([...looks(world, 3)], [true])
})

test('so does a stop, a start that somebody asked for, and a restart of what is unfit', () => {
  const stopped = afterARun()
  stopped.stop()
  assert.equal(isUp(stopped.process), false)
  stopped.exit(0)
  stopped.start()
  assert.deepEqual([stopped.state, isUp(stopped.process)], ['STARTING', false])
  const unfit = afterARun()
  unfit.restart()
  unfit.exit(0)
  assert.deepEqual([unfit.state, isUp(unfit.process)], ['EXITED', false])
})

test('an agent that stops waits for no next run', () => {
  const world = new World(spec)
  world.start()
  world.exit(0)
  assert.deepEqual([world.state, isUp(world.process)], ['EXITED', true])
  const after = step(world.process, { type: 'abandon', at: world.now })
  assert.ok('process' in after)
  assert.deepEqual([after.process.state, isUp(after.process)], ['EXITED', false])
})

test('a program that should go on for ever has to prove each start', () => {
  const world = new World(calculator({ startsecs: 1, autorestart: true }))
  world.start()
  assert.deepEqual([...looks(world, 3)], [false])
})

test('a run that had started and did no work is not told as a start that failed', () => {
  const { spec: plain } = new World(calculator({ startsecs: 1 })).process
  const world = new World(plain)
  const message = (lived: number): string => {
    world.start()
    world.wait(lived)
    const before = world.process
    const next = step(before, { type: 'exited', at: world.now, wall: world.now, status: { code: 1, signal: null } })
    const told =
      'refused' in next ? [] : next.effects.flatMap((effect) => (effect.type === 'tell' ? [effect.event] : []))
    return told.find(({ event }) => event === 'process.backoff')?.message ?? ''
  }
  assert.match(message(25_000), /^\S+ ended before it did any work: Bad exit code 1$/)
})
