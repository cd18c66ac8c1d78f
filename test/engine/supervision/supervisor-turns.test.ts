// One event at a time: what comes up in the middle of a turn.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { calculator, program } from '../../domain/process/world.ts'
import { engine } from './supervisor-engine.ts'

test('an event that comes in the middle of a turn waits for its end', () => {
  const { supervisor, spawner, events } = engine(calculator({ startsecs: 5 }))
  const heard: string[] = []
  events.subscribe(({ event, fields }) => {
    heard.push(`${event} ${String(fields['state'])}`)
    if (event === 'process.spawned') supervisor.progressed('score')
    if (event === 'process.running') spawner.last.exit(0)
  })
  supervisor.start('score')
  assert.deepEqual(heard, [
    'process.starting STARTING',
    'process.spawned STARTING',
    'process.running RUNNING',
    'process.exited EXITED',
  ])
})

test('a child that dies while its stop is being told leaves nothing armed', async () => {
  const { supervisor, spawner, clock, events } = engine(program())
  events.subscribe(({ event }) => {
    if (event === 'process.stopping') spawner.last.exit(0)
  })
  supervisor.start('score')
  await supervisor.stop('score')
  assert.equal(supervisor.snapshot('score')?.state, 'STOPPED')
  assert.equal(clock.pending, 0)
})

test('nothing meets a start before its spawn has answered', () => {
  const { supervisor, events } = engine(calculator())
  events.subscribe(({ event }) => {
    if (event === 'process.starting') supervisor.progressed('score')
  })
  supervisor.start('score')
  assert.equal(supervisor.snapshot('score')?.state, 'RUNNING')
})

test('a stop while STARTING takes the place of the deadline before', async () => {
  const { supervisor, spawner, clock } = engine(program())
  supervisor.start('score')
  const stop = supervisor.stop('score')
  assert.equal(clock.pending, 1)
  spawner.last.dieOf('SIGTERM')
  await stop
  assert.equal(clock.pending, 0)
})

test('an owner that fails at the end of its child does not hide that end', async () => {
  const { supervisor, spawner, owner } = engine(program({ startsecs: 0 }))
  supervisor.start('score')
  owner.closed = () => {
    throw new Error('cannot close')
  }
  assert.throws(() => spawner.last.exit(0), /cannot close/)
  assert.equal(supervisor.snapshot('score')?.state, 'EXITED')
  await supervisor.stopAll()
})

test('a command in the middle of a turn is a bug that says how to do it', () => {
  const { supervisor, events } = engine(program())
  const refused: unknown[] = []
  events.subscribe(() => {
    try {
      supervisor.start('score')
    } catch (error) {
      refused.push(error)
    }
  })
  supervisor.start('score')
  assert.match(String(refused[0]), /cannot start score in the middle of a turn: defer it to a microtask/)
})

test('an event that cannot be in its state is a bug that names both', () => {
  const { supervisor, spawner } = engine(program())
  supervisor.start('score')
  const ghost = spawner.last
  ghost.exit(1)
  ghost.alive = true
  assert.throws(() => ghost.exit(1), /invariant broken: score is BACKOFF and got exited/)
})
