import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AgentError } from '../../../../src/domain/errors.ts'
import { settle, world } from './world.ts'

const wait = { wait: true }
const programs = `
[program:a]
command=a
autostart=false
startretries=0
[program:b]
command=b
autostart=false
startsecs=0
`

test('a start with waiting resolves when RUNNING, and rejects as supervisord faults', async (t) => {
  const { life, clock, child } = world(t, { programs })
  const started = life.startProcess('a', wait)
  await assert.rejects(life.startProcess('a', wait), { code: 'ALREADY_STARTED', subject: 'a' })
  await clock.advance(1001)
  await started
  await assert.rejects(life.startProcess('nobody', wait), { code: 'BAD_NAME', subject: 'nobody' })
  await assert.rejects(life.startProcess('a:*', wait), { code: 'BAD_NAME' })
  const stopped = life.stopProcess('a', wait)
  await life.startProcess('a', { wait: false })
  await assert.rejects(life.startProcess('a', wait), { code: 'ABNORMAL_TERMINATION' })
  child('a').dieOf('SIGTERM')
  await stopped
})

test('a process that dies while it starts is a spawn error, one that is stopped is not', async (t) => {
  const { life, child, spawner } = world(t, { programs })
  const dies = life.startProcess('a', wait)
  child('a').exit(1)
  await assert.rejects(dies, { code: 'SPAWN_ERROR', subject: 'a' })
  await life.stopProcess('a', wait)
  const isStopped = life.startProcess('a', wait)
  void life.stopProcess('a', { wait: false })
  await assert.rejects(isStopped, { code: 'ABNORMAL_TERMINATION' })
  child('a').dieOf('SIGTERM')
  spawner.spawnFailures.push('too many open files')
  await assert.rejects(life.startProcess('a', wait), { code: 'SPAWN_ERROR' })
})

test('a command that is not there is refused before anything changes', async (t) => {
  const { life, statename } = world(t, {
    programs,
    checkCommand: ({ name }) => {
      if (name === 'a') throw new AgentError('NO_FILE', "can't find command 'a'")
      throw new AgentError('SPAWN_ERROR', "can't parse command")
    },
  })
  await assert.rejects(life.startProcess('a', wait), { code: 'NO_FILE', subject: "can't find command 'a'" })
  await assert.rejects(life.startProcess('b', wait), { code: 'NOT_EXECUTABLE' })
  assert.equal(statename('a'), 'STOPPED')
})

test('a stop waits for the end, kills in time, and is told', async (t) => {
  const { life, clock, child, spawner, lines } = world(t, { programs: '[program:x]\ncommand=x\nstopwaitsecs=5' })
  await life.run()
  const stopped = life.stopProcess('x', wait)
  await assert.rejects(life.stopProcess('x', wait), { code: 'NOT_RUNNING' })
  await clock.advance(5001)
  assert.deepEqual(
    spawner.kills.map(({ signal }) => signal),
    ['SIGTERM', 'SIGKILL'],
  )
  child('x').dieOf('SIGKILL')
  await stopped
  assert.deepEqual(lines.slice(1), [
    'INFO waiting for x to stop',
    'INFO waiting for x to stop',
    'INFO waiting for x to stop',
    `WARN killing 'x' (100) with SIGKILL`,
    'WARN stopped: x (terminated by SIGKILL)',
  ])
  assert.equal(life.process('x').exitstatus, -1)
})

test('commands for many tell each outcome, at once or when it is known', async (t) => {
  const { life, clock } = world(t, { programs })
  const started = life.startAll(wait)
  await settle()
  await clock.advance(1001)
  assert.deepEqual(
    (await started).map(({ name, error }) => [name, error]),
    [
      ['b', null],
      ['a', null],
    ],
  )
  assert.deepEqual(await life.startAll(wait), [])
  await assert.rejects(life.stopGroup('none', wait), { code: 'BAD_NAME' })
  assert.deepEqual(
    life.signalAll('FOO').map(({ error }) => error?.code),
    ['BAD_SIGNAL', 'BAD_SIGNAL'],
  )
  assert.deepEqual(
    life.signalGroup('a', '1').map(({ error }) => error),
    [null],
  )
})

test('signals reach the child alone', async (t) => {
  const { life, spawner } = world(t, { programs: `${programs}\nstopasgroup=true` })
  assert.throws(() => life.signalProcess('b', 'HUP'), { code: 'NOT_RUNNING' })
  assert.throws(() => life.signalProcess('b', 'NOPE'), { code: 'BAD_SIGNAL', subject: 'NOPE' })
  await life.startProcess('b', wait)
  life.signalProcess('b', 'usr1')
  assert.deepEqual(spawner.kills, [{ pid: 100, signal: 'SIGUSR1', group: false }])
})

test('what a stop forgets is started by nobody', async (t) => {
  const { life, child, clock, spawner } = world(t, {
    programs: '[program:x]\ncommand=x\nstartsecs=0\nautorestart=true',
  })
  await life.run()
  child('x').exit(0)
  assert.equal(life.process('x').state, 'EXITED')
  assert.deepEqual(
    (await life.stopAll(wait)).map(({ error }) => error),
    [null],
  )
  await clock.advance(5000)
  assert.equal(spawner.children.length, 1)
})

test('stdin goes to a process that runs', async (t) => {
  const { life, child } = world(t, { programs })
  await assert.rejects(life.sendStdin('b', Buffer.from('x')), { code: 'NOT_RUNNING' })
  await life.startProcess('b', wait)
  await life.sendStdin('b', Buffer.from('øl\n'))
  assert.equal(Buffer.concat(child('b').written).toString(), 'øl\n')
})

test('a group whose child nobody may signal can be removed, and the end of that child ends nothing else', async (t) => {
  const both = '[program:root]\ncommand=sudo x\nstartsecs=0\n[program:web]\ncommand=web\nstartsecs=0'
  const { life, child, spawner, statename, lines } = world(t, { programs: both })
  await life.run()
  const old = child('root')
  spawner.killFailure = 'EPERM'
  await assert.rejects(life.stopProcess('root', wait), { code: 'FAILED' })
  assert.equal(statename('root'), 'UNKNOWN')
  life.removeGroup('root')
  old.exit(0)
  assert.deepEqual(
    life.processes().map(({ name, state }) => `${name} ${state}`),
    ['web RUNNING'],
  )
  assert.equal(lines.at(-1), `INFO exited: root (pid ${old.pid}, removed while UNKNOWN; exit status 0)`)
})
