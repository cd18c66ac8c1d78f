import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CrashLoopHold, HOLD, STEADY } from '../../../src/engine/supervision/crash-loop-hold.ts'
import type { ProcessSnapshot } from '../../../src/engine/snapshot.ts'
import { calculator } from '../../domain/process/world.ts'
import { engine, eventsOf } from './supervisor-engine.ts'

const must = (snapshot: ProcessSnapshot | undefined): ProcessSnapshot => {
  assert.ok(snapshot)
  return snapshot
}

/** A Calculator that dies `after` ms of each start until the test says otherwise, and the stream that it holds. */
function world(changes: Parameters<typeof calculator>[0] = {}) {
  const { clock, spawner, events, supervisor } = engine(calculator(changes))
  const stream = {
    standsAside: false,
    moves: [] as string[],
    standAside() {
      stream.standsAside = true
      stream.moves.push(`left at ${clock.now() - begin}`)
      return Promise.resolve(true)
    },
    comeBack() {
      stream.standsAside = false
      stream.moves.push('back')
    },
  }
  const change = { isOn: false }
  const begin = clock.now()
  const hold = new CrashLoopHold({
    ...{ clock, events },
    processes: () => [supervisor.snapshot('score')].flatMap((each) => each ?? []),
    isChanging: () => change.isOn,
    stream: () => stream,
  })
  events.subscribe(() => queueMicrotask(() => hold.look()))
  const life = { ms: 0 as number | null }
  let seen = 0
  /** Moves on in steps of 100 ms; every child lives as long as `life` says. */
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 100) {
      for (const child of spawner.children.slice(seen)) {
        seen++
        const { ms } = life
        if (ms !== null) clock.arm(ms, () => child.alive && child.exit(1))
      }
      await clock.advance(100)
    }
  }
  supervisor.start('score')
  return { clock, spawner, events, supervisor, stream, change, hold, life, pass }
}

test('partitions of a Calculator in a crash loop are left after the hold, and taken back when it stays up', async () => {
  const { pass, stream, events, supervisor, life } = world()
  await pass(HOLD)
  assert.equal(supervisor.snapshot('score')?.crashLoop, true)
  assert.deepEqual(stream.moves, [], 'the hold begins with the loop, not with the first death')
  await pass(5_000)
  assert.equal(stream.moves.length, 1)
  const [told] = eventsOf(events, 'stream.stood-aside')
  assert.equal(told?.level, 'error')
  assert.equal(told.fields['process'], 'score')
  const attempts = supervisor.snapshot('score')?.restarts ?? 0
  await pass(2 * HOLD)
  assert.ok((supervisor.snapshot('score')?.restarts ?? 0) > attempts, 'it is still tried')
  assert.equal(stream.moves.length, 1, 'left once')
  life.ms = null
  await pass(30_000 + STEADY + 1_000)
  assert.deepEqual(stream.moves.slice(1), ['back'])
  assert.equal(eventsOf(events, 'stream.came-back').length, 1)
  await pass(3 * HOLD)
  assert.equal(stream.moves.length, 2)
})

test('a loop of Calculators that live past startsecs causes no rebalance at each start', async () => {
  const { pass, stream, supervisor, life } = world()
  life.ms = 2_000
  await pass(3 * HOLD)
  assert.equal(supervisor.snapshot('score')?.crashLoop, true)
  assert.equal(stream.moves.length, 1)
})

test('one that comes up before the hold is over keeps its partitions, and begins a new hold with the next loop', async () => {
  const { pass, stream, life, spawner, clock } = world()
  await pass(HOLD / 2)
  life.ms = null
  await pass(HOLD)
  assert.deepEqual(stream.moves, [])
  spawner.last.exit(1)
  life.ms = 0
  const fell = clock.now()
  await pass(HOLD - 1_000)
  assert.deepEqual(stream.moves, [])
  await pass(10_000)
  assert.equal(stream.moves.length, 1)
  assert.ok(clock.now() - fell > HOLD)
})

test('a FATAL Calculator, and one that was stopped, leave their partitions too', async () => {
  const fatal = world({ startretries: 1 })
  await fatal.pass(HOLD + 2_000)
  assert.equal(fatal.supervisor.snapshot('score')?.state, 'FATAL')
  assert.equal(fatal.stream.moves.length, 1)
  fatal.life.ms = null
  fatal.supervisor.start('score')
  await fatal.pass(STEADY + 2_000)
  assert.deepEqual(fatal.stream.moves.slice(1), ['back'])

  const stopped = world()
  stopped.life.ms = null
  await stopped.pass(2_000)
  stopped.supervisor.requestStop('score')
  stopped.spawner.last.exit(0)
  await stopped.pass(HOLD + 1_000)
  assert.equal(stopped.stream.moves.length, 1)
})

test('so does one that nobody may signal, of which no more is tried', async () => {
  const { pass, stream, spawner, supervisor, life } = world()
  life.ms = null
  await pass(STEADY)
  spawner.killFailure = 'not permitted'
  await supervisor.stop('score')
  assert.equal(supervisor.snapshot('score')?.state, 'UNKNOWN')
  await pass(HOLD + 1_000)
  assert.equal(stream.moves.length, 1)
})

test('nothing is given away in the middle of a change, nor when the agent leaves', async () => {
  const { pass, stream, change, hold, clock } = world()
  change.isOn = true
  await pass(HOLD + 10_000)
  assert.deepEqual(stream.moves, [])
  change.isOn = false
  await pass(HOLD)
  assert.equal(stream.moves.length, 1)

  const leaving = world()
  await leaving.pass(20_000)
  leaving.hold.stop()
  await leaving.pass(2 * HOLD)
  assert.deepEqual(leaving.stream.moves, [])
  hold.stop()
  assert.ok(clock.pending <= 1, 'only the next start of the Calculator is due')
})

test('one that came back before all was given away is not told to stand aside', async () => {
  const { clock, supervisor, events } = engine(calculator())
  const left = Promise.withResolvers<boolean>()
  const stream = {
    standsAside: false,
    standAside: () => ((stream.standsAside = true), left.promise),
    comeBack: () => (stream.standsAside = false),
  }
  let process: ProcessSnapshot = { ...must(supervisor.snapshot('score')), state: 'FATAL', retryInMs: null }
  const hold = new CrashLoopHold({
    ...{ clock, events },
    processes: () => [process],
    isChanging: () => false,
    stream: () => stream,
  })
  hold.look()
  await clock.advance(HOLD)
  process = { ...process, state: 'RUNNING' }
  hold.look()
  await clock.advance(STEADY)
  assert.ok(!stream.standsAside)
  left.resolve(true)
  await clock.advance(0)
  assert.deepEqual(
    events.since(0).flatMap(({ event }) => (event.startsWith('stream.') ? [event] : [])),
    ['stream.came-back'],
  )
  hold.stop()
})

test('while one of several Calculators runs, everything stays', async () => {
  const { clock, supervisor, events } = engine(calculator())
  let left = 0
  const stream = { standsAside: false, standAside: () => Promise.resolve(++left > 0), comeBack: () => undefined }
  const down = { ...must(supervisor.snapshot('score')), state: 'FATAL', retryInMs: null } as const
  let second: ProcessSnapshot = { ...down, state: 'RUNNING', crashLoop: false }
  const hold = new CrashLoopHold({
    ...{ clock, events },
    processes: () => [down, second],
    isChanging: () => false,
    stream: () => stream,
  })
  hold.look()
  await clock.advance(HOLD * 2)
  assert.equal(left, 0)
  second = down
  hold.look()
  await clock.advance(HOLD)
  assert.equal(left, 1)
})
