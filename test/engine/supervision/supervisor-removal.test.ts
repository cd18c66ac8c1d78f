// A child that nobody may signal outlives its process: what its end means once that is removed.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { program } from '../../domain/process/world.ts'
import { engine, type Engine } from './supervisor-engine.ts'

/** Its process is removed while UNKNOWN. */
async function removed({ supervisor, spawner }: Engine): Promise<void> {
  supervisor.start('score')
  spawner.killFailure = 'not permitted'
  await supervisor.stop('score')
  spawner.killFailure = null
  supervisor.remove('score')
}

test('the end of a child whose process was removed is told, and is none of that process', async () => {
  const world = engine(program())
  await removed(world)
  const { spawner, events, owner } = world
  const before = events.since(0).length
  spawner.last.exit(3)
  assert.deepEqual(owner.calls, ['opened 100', 'closed 100 3 signalled=true'])
  const told = events.since(0).slice(before)
  assert.deepEqual(
    told.map(({ event, message, fields }) => ({ event, message, fields })),
    [
      {
        event: 'os.child-ended',
        message: 'what nobody could signal, and is removed, has ended (exit status 3)',
        fields: { program: 'score', pid: 100, exitCode: 3, signal: null },
      },
    ],
  )
})

test('it takes no deadline from the process that has its name now', async () => {
  const world = engine(
    program({
      stop: [
        { action: 'SIGTERM', wait: 5000 },
        { action: 'SIGKILL', wait: 0 },
      ],
    }),
  )
  await removed(world)
  const { supervisor, spawner, owner, clock } = world
  const old = spawner.last
  supervisor.add(program({ stop: old.spec.stop }), owner)
  supervisor.start('score')
  void supervisor.stop('score')
  old.exit(0)
  assert.equal(supervisor.snapshot('score')?.state, 'STOPPING')
  await clock.advance(5000)
  assert.deepEqual(
    spawner.kills.map(({ pid, signal }) => [pid, signal]),
    [
      [spawner.last.pid, 'SIGTERM'],
      [spawner.last.pid, 'SIGKILL'],
    ],
  )
})
