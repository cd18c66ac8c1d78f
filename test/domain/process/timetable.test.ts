// When starts happen. `starts` are instants in ms since the first one.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProgramSpec } from '../../../src/domain/process/spec.ts'
import { crashLoop } from '../../../src/domain/process/state.ts'
import { calculator, program, World } from './world.ts'

const started = (spec: ProgramSpec): World => {
  const world = new World(spec)
  world.start()
  return world
}

/** Every child lives for `lifetime` ms and ends with `code`, `times` times over; the clock stops at the next start. */
function keepDying(world: World, times: number, lifetime: number, code = 1): void {
  for (let k = 0; k < times; k += 1) {
    world.wait(lifetime)
    world.exit(code)
    untilAlive(world)
  }
}

function untilAlive(world: World): void {
  while (!world.alive && world.deadline !== null) world.wait(world.deadline.due - world.now)
}

// ---- supervisord ---------------------------------------------------------------------------------------------------

test('linear: startretries=3 means four starts, 1 s, 2 s and 3 s apart, then FATAL', () => {
  const world = started(program())
  keepDying(world, 4, 0)
  assert.deepEqual(world.starts, [0, 1000, 3000, 6000])
  assert.equal(world.state, 'FATAL')
  assert.equal(world.now, 6000)
  assert.equal(world.process.spawnerr, 'Exited too quickly (process log may have details)')
  assert.deepEqual(world.told.slice(-4), ['spawned', 'exited', 'backoff', 'fatal'])
})

test('linear: a spawn error is a failed start, and its text stays', () => {
  const world = new World(program({ startretries: 1 }))
  world.spawnFails = true
  world.start()
  assert.equal(world.state, 'BACKOFF')
  world.wait(5000)
  assert.deepEqual(world.starts, [0, 1000])
  assert.equal(world.state, 'FATAL')
  assert.equal(world.process.spawnerr, "can't find command '/opt/score'")
})

test('linear: startretries=0 is FATAL after the first failed start, and passes through BACKOFF', () => {
  const world = started(program({ startretries: 0 }))
  world.exit(0)
  assert.equal(world.state, 'BACKOFF')
  world.wait(0)
  assert.equal(world.state, 'FATAL')
})

test('linear: startretries=-1 never gives up', () => {
  const world = started(program({ startretries: -1 }))
  keepDying(world, 20, 0)
  assert.equal(world.process.retries, 20)
  assert.equal(world.state, 'STARTING')
})

test('linear: an exit before startsecs is a failed start even with an expected code; at startsecs it is not', () => {
  const early = started(program())
  early.wait(999)
  early.exit(0)
  assert.equal(early.state, 'BACKOFF')
  assert.equal(early.process.exit?.expected, false)

  const sharp = started(program())
  sharp.deadline = null // the timer is late: the death is known first
  sharp.wait(1000)
  sharp.exit(0)
  assert.equal(sharp.state, 'EXITED')
  assert.deepEqual(sharp.told, ['starting', 'spawned', 'running', 'exited'])
})

test('linear: startsecs=0 is RUNNING at once, so that an instant exit is EXITED', () => {
  const world = started(program({ startsecs: 0 }))
  assert.equal(world.state, 'RUNNING')
  world.exit(0)
  assert.equal(world.state, 'EXITED')
  assert.equal(world.process.exit?.expected, true)
})

test('linear: startsecs=0 and autorestart=true starts an instantly exiting command once a second', () => {
  const world = started(program({ startsecs: 0, autorestart: true }))
  keepDying(world, 3, 0, 0)
  assert.deepEqual(world.starts, [0, 1000, 2000, 3000])
})

test('linear: the floor counts from the start before, and a run of a second has none', () => {
  const world = started(program({ startsecs: 0, autorestart: true }))
  keepDying(world, 1, 300)
  keepDying(world, 1, 1000)
  keepDying(world, 1, 5000)
  assert.deepEqual(world.starts, [0, 1000, 2000, 7000])
})

test('linear: what is restarted because it is unfit keeps to the floor too', () => {
  const world = started(program({ startsecs: 0 }))
  for (const lifetime of [0, 300, 5000]) {
    world.wait(lifetime)
    world.restart()
    world.dieOf('SIGTERM')
    untilAlive(world)
  }
  assert.deepEqual(world.starts, [0, 1000, 2000, 7000])
})

test('linear: RUNNING resets retries, and exits after it are restarted without limit', () => {
  const world = started(program({ startretries: 1 }))
  keepDying(world, 1, 0)
  assert.equal(world.process.retries, 1)
  keepDying(world, 10, 2000)
  assert.equal(world.process.retries, 0)
  assert.equal(world.process.restarts, 11)
})

for (const [autorestart, code, state] of [
  [true, 0, 'STARTING'],
  [true, 7, 'STARTING'],
  ['unexpected', 0, 'EXITED'],
  ['unexpected', 7, 'STARTING'],
  [false, 0, 'EXITED'],
  [false, 7, 'EXITED'],
] as const) {
  for (const spec of [program({ autorestart }), calculator({ autorestart })]) {
    test(`${spec.backoff.kind}: autorestart=${autorestart} and exit ${code} out of RUNNING leads to ${state}`, () => {
      const world = started(spec)
      keepDying(world, 1, 2000, code)
      assert.equal(world.state, state)
    })
  }
}

test('a bad exit code is named; death by signal is -1, and never expected', () => {
  const world = started(program({ autorestart: false }))
  world.wait(2000)
  world.exit(7)
  assert.equal(world.process.spawnerr, 'Bad exit code 7')
  world.start()
  assert.equal(world.process.spawnerr, '')
  assert.equal(world.process.exit, null)
  world.wait(2000)
  world.dieOf('SIGSEGV')
  assert.equal(world.process.spawnerr, 'Bad exit code -1')
  assert.deepEqual(world.process.exit, { code: null, signal: 'SIGSEGV', expected: false })
})

// ---- the Calculator --------------------------------------------------------------------------------------------------

const doubling = [0, 0, 500, 1500, 3500, 7500, 15_500, 31_500, 61_500, 91_500]

for (const code of [0, 1]) {
  test(`progress: exit ${code} without progress is followed at once, then after 0.5 s doubled up to max, for ever`, () => {
    const world = started(calculator())
    keepDying(world, 9, 0, code)
    assert.deepEqual(world.starts, doubling)
    assert.equal(world.process.retries, 9)
  })
}

test('progress: a spawn error is spaced in the same way', () => {
  const world = new World(calculator())
  world.spawnFails = true
  world.start()
  world.wait(31_500)
  assert.deepEqual(world.starts, doubling.slice(0, 8))
})

test('progress: the fourth failed start in a row is a crash loop, not the third', () => {
  const world = started(calculator())
  keepDying(world, 3, 0)
  assert.equal(crashLoop(world.process), false)
  world.exit(1)
  assert.equal(crashLoop(world.process), true)
})

test('progress: finite startretries end FATAL', () => {
  const world = started(calculator({ startretries: 3 }))
  keepDying(world, 4, 0)
  assert.deepEqual(world.starts, [0, 0, 500, 1500])
  assert.equal(world.state, 'FATAL')
})

test('progress: a run without an answer counts as a failed start even when it reached RUNNING', () => {
  const world = started(calculator())
  keepDying(world, 3, 2000)
  assert.deepEqual(world.starts, [0, 2000, 4500, 7500])
  assert.equal(world.process.retries, 3)
  world.wait(2000)
  assert.equal(world.state, 'RUNNING')
  assert.equal(world.process.retries, 3)
})

test('progress: an answered record is RUNNING at once, forgets the failed starts, and its death is restarted at once', () => {
  const world = started(calculator())
  keepDying(world, 5, 0)
  world.wait(100)
  assert.equal(world.state, 'STARTING')
  world.progressed()
  assert.equal(world.state, 'RUNNING')
  assert.equal(world.process.retries, 0)
  const { now } = world
  for (let k = 0; k < 20; k += 1) {
    world.progressed()
    world.dieOf('SIGKILL')
    untilAlive(world)
  }
  assert.equal(world.now, now)
  assert.equal(world.process.retries, 0)
})

test('progress: a run as long as max starts the count anew, while it lasts and when it dies', () => {
  const world = started(calculator())
  keepDying(world, 5, 0)
  world.wait(29_999)
  assert.equal(world.process.retries, 5)
  world.wait(1)
  assert.equal(world.process.retries, 0)
  assert.equal(world.told.at(-1), 'recovered')
  const { now } = world
  world.exit(1)
  untilAlive(world)
  assert.equal(world.now, now)
  assert.equal(world.process.retries, 0)
})

test('progress: an answer that is read after the death forgives that death', () => {
  const world = started(calculator())
  keepDying(world, 5, 0)
  world.exit(1)
  const { now } = world
  world.progressed()
  untilAlive(world)
  assert.equal(world.now, now)
  assert.equal(world.process.retries, 0)

  world.exit(1)
  world.spawnFails = true
  world.wait(0)
  assert.equal(world.process.retries, 2)
  world.progressed()
  assert.equal(world.process.retries, 2, 'a spawn error has no answers')
})

test('progress: without autorestart an exit before startsecs is EXITED, and a spawn error is FATAL', () => {
  const world = started(calculator({ autorestart: false }))
  world.exit(0)
  assert.equal(world.state, 'EXITED')
  assert.equal(world.deadline, null)
  world.spawnFails = true
  world.start()
  world.wait(0)
  assert.equal(world.state, 'FATAL')
})

// ---- stopping --------------------------------------------------------------------------------------------------------

test('a stop walks its steps and repeats the last one until the child is dead', () => {
  const stop = [
    { action: 'eof', wait: 1500 },
    { action: 'SIGTERM', wait: 1500 },
    { action: 'SIGKILL', wait: 0 },
  ] as const
  const world = started(calculator({ stop, sweepgroup: true }))
  world.stop()
  assert.deepEqual(world.sent, ['eof'])
  world.wait(1499)
  assert.deepEqual(world.sent, ['eof'])
  world.wait(1)
  assert.deepEqual(world.sent, ['eof', 'SIGTERM'])
  world.wait(1500)
  assert.deepEqual(world.sent, ['eof', 'SIGTERM', 'SIGKILL'])
  world.wait(1000)
  assert.deepEqual(world.sent, ['eof', 'SIGTERM', 'SIGKILL', 'SIGKILL'])
  world.dieOf('SIGKILL')
  assert.equal(world.state, 'STOPPED')
  assert.deepEqual(world.swept, [1])
})

test('a stop while BACKOFF, or while an exited process waits for its restart, is STOPPED at once', () => {
  const failed = started(program())
  failed.exit(1)
  assert.ok(failed.stop())
  assert.equal(failed.state, 'STOPPED')

  const exited = started(program({ startsecs: 0, autorestart: true }))
  exited.exit(1)
  assert.equal(exited.state, 'EXITED')
  assert.ok(exited.stop())
  assert.equal(exited.state, 'STOPPED')
  assert.ok(!exited.stop())
})
