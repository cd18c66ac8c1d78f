// `numprocs_live`: more or fewer processes of a program, and the others go on.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle, world } from './world.ts'

const file = (numprocs: number, more = '', live = 'true'): string => `[program:web]
command=web %(process_num)d
process_name=web_%(process_num)d
numprocs=${numprocs}
numprocs_live=${live}
startsecs=0
${more}`

test('more processes: only these are told, available, and started', async (t) => {
  const { life, rewrite, spawner, lines } = world(t, { programs: file(2) })
  await life.run()
  rewrite(file(4))
  assert.deepEqual(life.reread(), { added: ['web:web_2', 'web:web_3'], changed: [], removed: [] })
  assert.deepEqual(
    life.configs().map(({ process, inuse }) => `${process.spec.name} ${inuse}`),
    ['web_0 true', 'web_1 true', 'web_2 false', 'web_3 false'],
  )
  life.addGroup('web:web_3')
  life.addGroup('web:web_2')
  await settle()
  assert.deepEqual(
    spawner.children.map(({ spec }) => spec.name),
    ['web_0', 'web_1', 'web_3', 'web_2'],
  )
  assert.throws(() => life.addGroup('web:web_2'), { code: 'ALREADY_ADDED' })
  assert.throws(() => life.addGroup('web:web_9'), { code: 'BAD_NAME' })
  assert.throws(() => life.addGroup('web'), { code: 'ALREADY_ADDED' })
  assert.deepEqual(life.reread(), { added: [], changed: [], removed: [] })
  assert.deepEqual(life.groups()[0]?.processes, ['web_0', 'web_1', 'web_2', 'web_3'])
  assert.ok(lines.includes('INFO added process web_2 to group web'))
})

test('fewer processes: these are stopped and removed by name, with the key as new as the change', async (t) => {
  const { life, rewrite, child, spawner } = world(t, { programs: file(3, '', 'false') })
  await life.run()
  const pids = spawner.children.map(({ pid }) => pid)
  rewrite(file(1))
  assert.deepEqual(life.reread(), { added: [], changed: [], removed: ['web:web_1', 'web:web_2'] })
  assert.throws(() => life.removeGroup('web:web_1'), { code: 'STILL_RUNNING' })
  for (const name of ['web_1', 'web_2']) {
    const stopped = life.stopGroup(`web:${name}`, { wait: true })
    child(name).dieOf('SIGTERM')
    assert.deepEqual(await stopped, [{ name, group: 'web', error: null }])
    life.removeGroup(`web:${name}`)
  }
  assert.deepEqual(
    life.processes().map(({ name, pid }) => [name, pid]),
    [['web_0', pids[0]]],
  )
  assert.deepEqual(life.reread(), { added: [], changed: [], removed: [] })
  // A name that was free again is taken again.
  rewrite(file(2))
  life.reread()
  life.addGroup('web:web_1')
  await settle()
  assert.notEqual(child('web_1').pid, pids[1])
})

test('any other difference, or a file without the key, changes the whole group', async (t) => {
  const { life, rewrite } = world(t, { programs: file(2) })
  await life.run()
  for (const programs of [
    file(3, 'stopwaitsecs=3'),
    file(3, 'priority=5'),
    file(3, '', 'false'),
    file(3, 'environment=N="%(numprocs)d"'),
  ]) {
    rewrite(programs)
    assert.deepEqual(life.reread(), { added: [], changed: ['web'], removed: [] }, programs)
  }
  await assert.rejects(life.stopGroup('web:nosuch', { wait: true }), { code: 'BAD_NAME' })
  rewrite(file(2))
  life.reread()
  assert.throws(() => life.removeGroup('web:nosuch'), { code: 'BAD_NAME' })
})

test('in a group of several programs the one that grows finds its place', async (t) => {
  const group = (numprocs: number): string =>
    `[group:site]\nprograms=web,db\n${file(numprocs)}\n[program:db]\ncommand=db`
  const { life, rewrite } = world(t, { programs: group(1) })
  await life.run()
  rewrite(group(2))
  assert.deepEqual(life.reread(), { added: ['site:web_1'], changed: [], removed: [] })
  life.addGroup('site:web_1')
  assert.deepEqual(life.reread(), { added: [], changed: [], removed: [] })
})
