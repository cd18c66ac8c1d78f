// Scripts of nudges against the model of the world, which holds: never two children, never a signal to a dead child,
// no spawn after an accepted stop, no more starts in a row than startretries allows, a child is alive exactly in
// STARTING, RUNNING and STOPPING. The last law, a fresh start has all its retries, is asked at the end of each script.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { settled } from '../../../src/domain/process/state.ts'
import { calculator, program, World } from './world.ts'

const exit = (code: number) => (world: World) => {
  if (world.alive) world.exit(code)
}
const wait = (ms: number) => (world: World) => {
  world.wait(ms)
}

const nudges: Readonly<Record<string, (world: World) => unknown>> = {
  start: (world) => world.start(),
  stop: (world) => world.stop(),
  restart: (world) => world.restart(),
  prepared: (world) => {
    if (world.preparing) world.prepared()
  },
  'answered a record': (world) => world.progressed(),
  'said that it is ready': (world) => world.ready(),
  'exit 0': exit(0),
  'exit 1': exit(1),
  'exit 7': exit(7),
  'die of SIGKILL': (world) => {
    if (world.alive) world.dieOf('SIGKILL')
  },
  'spawns fail': (world) => (world.spawnFails = true),
  'spawns work': (world) => (world.spawnFails = false),
  ...Object.fromEntries(
    [0, 1, 499, 500, 999, 1000, 1001, 2000, 3000, 10_000, 31_000].map((ms) => [`wait ${ms} ms`, wait(ms)]),
  ),
}

const script = (maxLength: number): fc.Arbitrary<string[]> =>
  fc.array(fc.constantFrom(...Object.keys(nudges)), { maxLength })

const changes = fc.record({
  autorestart: fc.constantFrom(true, false, 'unexpected' as const),
  startsecs: fc.constantFrom(0, 1, 5),
  startretries: fc.constantFrom(-1, 0, 1, 3),
  sweepgroup: fc.boolean(),
  prepares: fc.boolean(),
  stop: fc.constantFrom(
    [{ action: 'SIGKILL' as const, wait: 0 }],
    [
      { action: 'eof' as const, wait: 1500 },
      { action: 'SIGTERM' as const, wait: 1500 },
      { action: 'SIGKILL' as const, wait: 0 },
    ],
  ),
})

const runs = { numRuns: 3000 }

function play(world: World, names: readonly string[]): void {
  for (const name of names) nudges[name]?.(world)
}

/** Whatever happened before: stop, let the child die, and it is at rest. */
function bringDown(world: World): void {
  world.stop()
  if (world.alive) world.dieOf('SIGTERM')
  assert.ok(settled(world.process), `${world.state} is no rest`)
  assert.equal(world.deadline, null)
}

/** Lets every child die at once until the machine gives up. */
function startsUntilFatal(world: World): number {
  world.spawnFails = false
  const before = world.starts.length
  assert.ok(world.start())
  while (world.state !== 'FATAL') {
    if (world.alive) world.exit(1)
    world.wait((world.deadline?.due ?? world.now) - world.now)
  }
  return world.starts.length - before
}

for (const [kind, specOf] of [
  ['linear', program],
  ['progress', calculator],
] as const) {
  test(`no script breaks a law (${kind} back-off)`, () => {
    fc.assert(
      fc.property(changes, script(40), (change, names) => {
        const world = new World(specOf(change))
        play(world, names)
        bringDown(world)
      }),
      runs,
    )
  })
}

test('a fresh start has all its retries, whatever happened before', () => {
  fc.assert(
    fc.property(fc.constantFrom(0, 1, 3), script(25), (startretries, names) => {
      const world = new World(program({ startretries, startsecs: 1000 }))
      play(world, names)
      bringDown(world)
      assert.equal(startsUntilFatal(world), startretries + 1)
    }),
    runs,
  )
})

test('a Calculator under its defaults is never given up', () => {
  fc.assert(
    fc.property(script(40), (names) => {
      const world = new World(calculator())
      play(world, names)
      assert.ok(!world.told.includes('fatal'))
    }),
    runs,
  )
})
