// One test per cell of the table. The expectations are written down here, by hand from supervisord's contract.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { step, table } from '../../../src/domain/process/machine.ts'
import type { Effect, EventType, Process, ProcessEvent, ProcessState, Step } from '../../../src/domain/process/state.ts'
import { program, World } from './world.ts'

const after = (script: (world: World) => void, world = new World(program({ autorestart: true }))): Process => {
  script(world)
  return world.process
}

const running = (world: World): void => {
  world.start()
  world.wait(1000)
}

const samples: Readonly<Record<ProcessState, Process>> = {
  STOPPED: after(() => undefined),
  STARTING: after((world) => world.start()),
  RUNNING: after(running),
  BACKOFF: after((world) => {
    world.start()
    world.exit(1)
  }),
  STOPPING: after((world) => {
    running(world)
    world.stop()
  }),
  EXITED: after((world) => {
    running(world)
    world.exit(0)
  }, new World(program())),
  FATAL: after(
    (world) => {
      world.start()
      world.exit(1)
      world.wait(0)
    },
    new World(program({ startretries: 0 })),
  ),
  UNKNOWN: { ...after(running), state: 'UNKNOWN' },
}

const at = 1500
const events: { readonly [K in EventType]: Extract<ProcessEvent, { type: K }> } = {
  start: { type: 'start', at },
  stop: { type: 'stop', at },
  restart: { type: 'restart', at, reason: 'too fat' },
  prepared: { type: 'prepared', at },
  abandon: { type: 'abandon', at },
  spawned: { type: 'spawned', at, wall: 0, pid: 2 },
  spawnFailed: { type: 'spawnFailed', at, wall: 0, reason: 'command is empty' },
  ready: { type: 'ready', at },
  progressed: { type: 'progressed', at },
  exited: { type: 'exited', at, wall: 0, status: { code: 0, signal: null } },
  killFailed: { type: 'killFailed', at, reason: 'not permitted' },
  stayedUp: { type: 'stayedUp', at },
  retryDue: { type: 'retryDue', at },
  stopOverdue: { type: 'stopOverdue', at },
}

const wish = (effect: Effect): string => {
  if (effect.type === 'tell') return effect.event.event.replace('process.', '')
  if (effect.type === 'kill') return effect.signal
  return effect.type === 'arm' ? `${effect.deadline} in ${effect.after}` : effect.type
}

const outcome = (ask: () => Step): string => {
  try {
    const result = ask()
    if ('refused' in result) return result.refused
    return [result.process.state, ...result.effects.map(wish)].join(', ')
  } catch (error) {
    return String(error)
  }
}

const same = 'nothing'
const bug = 'bug'
const launch = 'STARTING, disarm, starting, spawn'
const kept = (state: string): string => `${state}, kill-failed`
const down = {
  restart: 'NOT_RUNNING',
  prepared: bug,
  abandon: same,
  spawned: bug,
  spawnFailed: bug,
  ready: same,
  progressed: same,
  exited: bug,
  stayedUp: same,
  stopOverdue: same,
}

const expectations: Readonly<Record<ProcessState, Readonly<Record<EventType, string>>>> = {
  STOPPED: { ...down, start: launch, stop: 'NOT_RUNNING', killFailed: kept('STOPPED'), retryDue: same },
  STARTING: {
    start: 'ALREADY_STARTED',
    stop: 'STOPPING, stopping, SIGTERM, stopOverdue in 10000',
    abandon: 'STOPPING, stopping, SIGTERM, stopOverdue in 10000',
    restart: 'STOPPING, restarting, stopping, SIGTERM, stopOverdue in 10000',
    prepared: 'STARTING, spawn',
    spawned: 'STARTING, spawned, stayedUp in 1000',
    spawnFailed: 'BACKOFF, spawn-failed, backoff, retryDue in 1000',
    ready: 'RUNNING, disarm, running',
    progressed: 'RUNNING, disarm, running',
    exited: 'EXITED, disarm, running, exited, retryDue in 0',
    killFailed: kept('STARTING'),
    stayedUp: 'RUNNING, disarm, running',
    retryDue: same,
    stopOverdue: same,
  },
  RUNNING: {
    start: 'ALREADY_STARTED',
    stop: 'STOPPING, stopping, SIGTERM, stopOverdue in 10000',
    abandon: 'STOPPING, stopping, SIGTERM, stopOverdue in 10000',
    restart: 'STOPPING, restarting, stopping, SIGTERM, stopOverdue in 10000',
    prepared: bug,
    spawned: bug,
    spawnFailed: bug,
    ready: same,
    progressed: same,
    exited: 'EXITED, exited, retryDue in 0',
    killFailed: kept('RUNNING'),
    stayedUp: same,
    retryDue: same,
    stopOverdue: same,
  },
  BACKOFF: {
    ...down,
    start: 'ALREADY_STARTED',
    stop: 'STOPPED, disarm, stopped',
    abandon: 'FATAL, disarm, abandoned',
    progressed: 'BACKOFF, recovered, retryDue in 0',
    killFailed: kept('BACKOFF'),
    retryDue: launch,
  },
  STOPPING: {
    start: 'ABNORMAL_TERMINATION',
    stop: 'NOT_RUNNING',
    abandon: same,
    restart: 'NOT_RUNNING',
    prepared: bug,
    spawned: bug,
    spawnFailed: bug,
    ready: same,
    progressed: same,
    exited: 'STOPPED, disarm, stopped',
    killFailed: 'UNKNOWN, disarm, unknown',
    stayedUp: same,
    retryDue: same,
    stopOverdue: 'STOPPING, stop-overdue, SIGKILL, stopOverdue in 10000',
  },
  EXITED: {
    ...down,
    start: launch,
    stop: 'NOT_RUNNING',
    abandon: 'EXITED, disarm',
    killFailed: kept('EXITED'),
    retryDue: launch,
  },
  FATAL: { ...down, start: launch, stop: 'NOT_RUNNING', killFailed: kept('FATAL'), retryDue: same },
  UNKNOWN: {
    ...down,
    start: 'FAILED',
    stop: 'NOT_RUNNING',
    exited: 'STOPPED, disarm, stopped',
    killFailed: kept('UNKNOWN'),
    retryDue: same,
  },
}

const states = Object.keys(table) as ProcessState[]
const types = Object.keys(events) as EventType[]

for (const state of states) {
  for (const type of types) {
    const expected = expectations[state][type]
    test(`${state} + ${type}: ${expected}`, () => {
      const process = samples[state]
      assert.equal(process.state, state)
      const found = outcome(() => step<EventType>(process, events[type]))
      if (expected === bug) assert.equal(found, `Error: invariant broken: score is ${state} and got ${type}`)
      else assert.equal(found, expected === same ? state : expected)
    })
  }
}

test('signals of a stop go to the group where the program says so, SIGKILL by its own word', () => {
  const spec = program({ stopasgroup: false, killasgroup: true })
  const child = { pid: 7, since: 0, progressed: false }
  const groups = (event: ProcessEvent, process: Process): boolean[] => {
    const result = step<EventType>(process, event)
    assert.ok('effects' in result)
    return result.effects.filter((effect) => effect.type === 'kill').map(({ group }) => group)
  }
  const up: Process = { ...samples.RUNNING, spec, child }
  assert.deepEqual(groups(events.stop, up), [false])
  assert.deepEqual(groups(events.stopOverdue, { ...up, state: 'STOPPING' }), [true])
  const other = { ...up, spec: { ...spec, stopasgroup: true, killasgroup: false } }
  assert.deepEqual(groups(events.stop, other), [true])
  assert.deepEqual(groups(events.stopOverdue, { ...other, state: 'STOPPING' }), [false])
})

test('a restart with a reason: stopped, then started after restart_delay; a stop meanwhile wins', () => {
  const world = new World(program({ autorestart: false, backoff: { kind: 'linear', restartDelay: 700 } }))
  running(world)
  world.restart()
  assert.equal(world.process.again, 'too fat')
  world.dieOf('SIGTERM')
  assert.deepEqual([world.state, world.process.spawnerr], ['EXITED', 'too fat'])
  world.wait(700)
  assert.deepEqual([world.state, world.process.again, world.process.spawnerr], ['STARTING', null, ''])
  world.wait(1000)
  world.restart()
  assert.ok(world.stop())
  world.dieOf('SIGTERM')
  assert.equal(world.state, 'STOPPED')
})

test('what prepares is spawned when its owner is ready, and never after a stop', () => {
  const world = new World(program({ prepares: true }))
  world.start()
  assert.deepEqual([world.state, world.preparing, world.starts.length], ['STARTING', true, 0])
  world.stop()
  assert.deepEqual([world.state, world.preparing], ['STOPPED', false])
  world.start()
  world.prepared()
  assert.deepEqual([world.state, world.alive], ['STARTING', true])
})

test('the next start uses the new program, the run that goes on keeps its own', () => {
  const next = program({ command: ['/opt/other'], stop: [{ action: 'SIGQUIT', wait: 1 }] })
  const world = new World(program())
  running(world)
  world.process = { ...world.process, nextSpec: next }
  world.stop()
  assert.deepEqual(world.sent, ['SIGTERM'])
  world.dieOf('SIGTERM')
  assert.notEqual(world.process.spec, next)
  world.start()
  assert.equal(world.process.spec, next)
})
