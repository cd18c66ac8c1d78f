import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shutdownOrder } from '../../../src/engine/supervision/shutdown-order.ts'
import { program } from '../../domain/process/world.ts'
import { code, engine } from './supervisor-engine.ts'

const names = (groups: readonly (readonly { readonly name: string }[])[]): string[][] =>
  groups.map((group) => group.map(({ name }) => name))

test('groups stop by descending priority, equal ones together; a group by its lowest member; inside, by descending priority', () => {
  const specs = [
    program({ group: 'db', name: 'db', priority: 10 }),
    program({ group: 'web', name: 'web1', priority: 20 }),
    program({ group: 'web', name: 'web2', priority: 900 }),
    program({ group: 'mid', name: 'mid', priority: 100 }),
    program({ group: 'cron', name: 'cron', priority: 20 }),
    program({ group: 'mail', name: 'mail', priority: 999 }),
  ]
  assert.deepEqual(names(shutdownOrder(specs)), [['mail'], ['mid'], ['web2', 'web1', 'cron'], ['db']])
})

test('a group is signalled only when the one before is fully stopped', async () => {
  const { supervisor, spawner } = engine(
    program({ group: 'db', name: 'db', priority: 10 }),
    program({ group: 'web', name: 'web1', priority: 20 }),
    program({ group: 'web', name: 'web2', priority: 20 }),
  )
  for (const name of ['db', 'web:web1', 'web:web2']) supervisor.start(name)
  const [db, web1, web2] = spawner.children
  assert.ok(db && web1 && web2)
  const signalled = (): number[] => spawner.kills.map(({ pid }) => pid)
  const done = supervisor.stopAll()
  assert.deepEqual(signalled(), [web1.pid, web2.pid])
  web1.dieOf('SIGTERM')
  await Promise.resolve()
  assert.deepEqual(signalled(), [web1.pid, web2.pid])
  web2.dieOf('SIGTERM')
  await supervisor.whenSettled('web:web2')
  await new Promise(setImmediate)
  assert.deepEqual(signalled(), [web1.pid, web2.pid, db.pid])
  db.dieOf('SIGTERM')
  await done
  assert.deepEqual(
    supervisor.snapshots().map(({ state }) => state),
    ['STOPPED', 'STOPPED', 'STOPPED'],
  )
  assert.equal(supervisor.stopAll(), done)
})

test('nothing is started or restarted while everything stops', async () => {
  const { supervisor, spawner, clock } = engine(
    program({ group: 'db', name: 'db', priority: 10, autorestart: true, startsecs: 0 }),
    program({ group: 'loop', name: 'loop', priority: 11 }),
    program({ group: 'web', name: 'web', priority: 20 }),
  )
  for (const name of ['db', 'loop', 'web']) supervisor.start(name)
  const [db, loop, web] = spawner.children
  assert.ok(db && loop && web)
  loop.exit(1)
  const done = supervisor.stopAll()
  assert.throws(() => supervisor.start('loop'), code('SHUTDOWN_STATE'))
  db.exit(1)
  await clock.advance(5000)
  assert.equal(spawner.children.length, 3)
  web.dieOf('SIGTERM')
  await done
  assert.equal(spawner.children.length, 3)
  assert.deepEqual(
    supervisor.snapshots().map(({ state }) => state),
    ['EXITED', 'FATAL', 'STOPPED'],
  )
})

test('a stop that is under way, what is down, and what was removed hold up nothing', async () => {
  const { supervisor, spawner } = engine(
    program({ group: 'a', name: 'a', priority: 3 }),
    program({ group: 'b', name: 'b', priority: 2 }),
    program({ group: 'c', name: 'c', priority: 1 }),
  )
  supervisor.start('a')
  const stop = supervisor.stop('a')
  const done = supervisor.stopAll()
  supervisor.remove('b')
  assert.equal(spawner.kills.length, 1)
  spawner.last.dieOf('SIGTERM')
  await Promise.all([stop, done])
})
