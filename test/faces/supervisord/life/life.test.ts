import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settle, world } from './world.ts'

const three = `
[program:late]
command=late
priority=999
[program:early]
command=early
priority=1
[group:pair]
programs=b,a
priority=5
[program:a]
command=a
[program:b]
command=b
autostart=false
`

test('groups start by priority, those of a group in its order, and events tell so', async (t) => {
  const { life, spawner, heard, clock, lines } = world(t, { programs: three })
  await life.run()
  assert.deepEqual(
    spawner.children.map(({ spec }) => spec.name),
    ['early', 'a', 'late'],
  )
  await clock.advance(1001)
  assert.deepEqual(heard.slice(0, 6), [
    'PROCESS_GROUP_ADDED groupname:early\n',
    'PROCESS_GROUP_ADDED groupname:pair\n',
    'PROCESS_GROUP_ADDED groupname:late\n',
    'SUPERVISOR_STATE_CHANGE_RUNNING ',
    'PROCESS_STATE_STARTING processname:early groupname:early from_state:STOPPED tries:0',
    'PROCESS_STATE_STARTING processname:a groupname:pair from_state:STOPPED tries:0',
  ])
  assert.ok(heard.includes('PROCESS_STATE_RUNNING processname:a groupname:pair from_state:STARTING pid:101'))
  assert.ok(lines.includes("INFO spawned: 'a' with pid 101"))
  const stay = 'process has stayed up for > than 1 seconds (startsecs)'
  assert.ok(lines.includes(`INFO success: a entered RUNNING state, ${stay}`))
  assert.deepEqual(
    life.processes().map(({ group, name, state }) => `${group}:${name} ${state}`),
    ['early:early RUNNING', 'late:late RUNNING', 'pair:a RUNNING', 'pair:b STOPPED'],
  )
})

test('a shutdown stops one group after the other, gives up what waits, and is told', async (t) => {
  const { life, clock, child, spawner, heard, lines } = world(t, {
    programs: `${three}\n[program:looping]\ncommand=looping\npriority=6`,
  })
  await life.run()
  child('looping').exit(1)
  await clock.advance(1)
  life.shutdown()
  assert.equal(life.state(), 'SHUTDOWN')
  await assert.rejects(life.startProcess('pair:b', { wait: false }), { code: 'SHUTDOWN_STATE' })
  await settle()
  assert.deepEqual(
    spawner.kills.map(({ pid, signal }) => [pid, signal]),
    [[child('late').pid, 'SIGTERM']],
  )
  assert.ok(lines.includes('INFO waiting for early, a, looping, late to die'))
  child('late').dieOf('SIGTERM')
  await settle()
  assert.ok(heard.includes('PROCESS_STATE_FATAL processname:looping groupname:looping from_state:BACKOFF'))
  assert.equal(spawner.kills.at(-1)?.pid, child('a').pid)
  await clock.advance(3000)
  assert.ok(lines.includes('INFO waiting for early, a to die'))
  child('a').dieOf('SIGTERM')
  await settle()
  child('early').exit(0)
  assert.equal(await life.ended, 'SHUTDOWN')
  assert.deepEqual(lines.slice(-1), ['INFO stopped: early (exit status 0)'])
  assert.ok(lines.includes('WARN stopped: late (terminated by SIGTERM)'))
  assert.equal(clock.pending, 0)
})

test('a listener that says nothing holds up a shutdown for a second', async (t) => {
  const programs = '[eventlistener:deaf]\ncommand=l\nevents=EVENT\nstartsecs=0\n[program:a]\ncommand=a\nstartsecs=0'
  const { life, child, clock, spawner } = world(t, { programs })
  await life.run()
  const { pid } = child('deaf')
  life.shutdown()
  await settle()
  child('a').dieOf('SIGTERM')
  await settle()
  assert.deepEqual([spawner.kills.length, spawner.kills[0]?.pid === pid], [1, false])
  await clock.advance(1000)
  assert.equal(spawner.kills.at(-1)?.pid, pid)
  child('deaf').dieOf('SIGTERM')
  assert.equal(await life.ended, 'SHUTDOWN')
  assert.equal(clock.pending, 0)
})

test('programs are stopped by a shutdown when what runs beside them has ended, whoever asked for it', async (t) => {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  let calls = 0
  const { life, child, spawner, clock } = world(t, {
    programs: '[program:db]\ncommand=db\nstartsecs=0\n[program:job]\ncommand=job\nstartsecs=0\nexit_on=exit',
    companion: {
      isDue: () => calls > 0,
      come: () => {
        calls++
        return promise
      },
    },
  })
  await life.run()
  child('job').exit(0)
  await settle()
  await clock.advance(1000)
  assert.deepEqual([life.state(), calls, spawner.kills], ['SHUTDOWN', 1, []])
  resolve(undefined)
  await settle()
  assert.deepEqual(spawner.kills, [{ pid: child('db').pid, signal: 'SIGTERM', group: false }])
  child('db').dieOf('SIGTERM')
  assert.equal(await life.ended, 'SHUTDOWN')
})

test('a restart leaves alone what runs beside the programs', async (t) => {
  const { life } = world(t, {
    programs: '',
    companion: { isDue: () => false, come: () => assert.fail('it is none of a restart') },
  })
  await life.run()
  life.restart()
  assert.equal(await life.ended, 'RESTARTING')
})

test('a reload while what runs beside the programs is to end is that end', async (t) => {
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const { life, child, spawner } = world(t, {
    programs: '[program:db]\ncommand=db\nstartsecs=0',
    companion: { isDue: () => true, come: () => promise },
  })
  await life.run()
  life.restart()
  await settle()
  assert.deepEqual([life.state(), spawner.kills], ['SHUTDOWN', []])
  resolve(undefined)
  await settle()
  child('db').dieOf('SIGTERM')
  assert.equal(await life.ended, 'SHUTDOWN')
})

test('a signal during a restart makes it a shutdown', async (t) => {
  const { life } = world(t, { programs: '' })
  await life.run()
  life.restart()
  assert.equal(life.state(), 'RESTARTING')
  life.shutdown()
  life.restart()
  assert.equal(await life.ended, 'SHUTDOWN')
})

test('what a reading has to warn of is in the main log at once', async (t) => {
  const { life, rewrite, lines } = world(t, { programs: '[program:a]\ncommand=a' })
  await life.run()
  rewrite('[program:a]\ncommand=a\nstartsec=15')
  life.reread()
  assert.match(lines.at(-1) ?? '', /^WARN .*startsec.*startsecs/)
})

test('no main log, no clearing', async (t) => {
  const { life } = world(t, { programs: '' })
  await life.run()
  assert.throws(() => life.clearMainLog(), { code: 'NO_FILE', subject: '' })
})

test('a group is added, changed and removed without touching the others', async (t) => {
  const { life, rewrite, child, spawner, heard, statename } = world(t, { programs: '[program:a]\ncommand=a' })
  await life.run()
  const first = child('a').pid
  rewrite('[program:a]\ncommand=a\n[program:b]\ncommand=b')
  assert.deepEqual(life.reread(), { added: ['b'], changed: [], removed: [] })
  assert.throws(() => life.addGroup('a'), { code: 'ALREADY_ADDED' })
  assert.throws(() => life.addGroup('c'), { code: 'BAD_NAME' })
  life.addGroup('b')
  assert.equal(statename('b'), 'STARTING')
  rewrite('[program:b]\ncommand=b --more')
  assert.deepEqual(life.reread(), { added: [], changed: ['b'], removed: ['a'] })
  assert.throws(() => life.removeGroup('a'), { code: 'STILL_RUNNING' })
  const stopped = life.stopGroup('a', { wait: true })
  child('a').dieOf('SIGTERM')
  await stopped
  life.removeGroup('a')
  assert.throws(() => life.process('a'), { code: 'BAD_NAME' })
  assert.equal(heard.at(-1), 'PROCESS_GROUP_REMOVED groupname:a\n')
  assert.equal(spawner.children.length, 2)
  assert.equal(spawner.living[0]?.pid, first + 1)
  rewrite('[program:b]\nno equals sign')
  assert.throws(() => life.reread(), { code: 'CANT_REREAD' })
  assert.throws(() => life.restart(), { code: 'CANT_REREAD' })
  assert.equal(life.state(), 'RUNNING')
  assert.equal(life.configs()[0]?.process.command, 'b --more')
})

test('what the file does not name is shown and obeys too', async (t) => {
  const { life, supervisor, child, statename } = world(t, { programs: '[program:a]\ncommand=a' })
  await life.run()
  const spec = { ...child('a').spec, name: 'calculator', group: 'calculator', startsecs: 0 }
  supervisor.add(spec, { opened: () => undefined, endInput: () => undefined, closed: () => undefined })
  await life.startProcess('calculator', { wait: true })
  assert.deepEqual(
    life.processes().map(({ name, state }) => `${name} ${state}`),
    ['a STARTING', 'calculator RUNNING'],
  )
  assert.deepEqual(
    life.groups().map(({ name }) => name),
    ['a', 'calculator'],
  )
  await assert.rejects(life.sendStdin('calculator', new Uint8Array()), { code: 'NO_FILE' })
  const done = life.stopGroup('calculator', { wait: true })
  child('calculator').dieOf('SIGTERM')
  assert.deepEqual(await done, [{ name: 'calculator', group: 'calculator', error: null }])
  life.shutdown()
  child('a').exit(0)
  await life.ended
  assert.throws(() => statename('a'), { code: 'BAD_NAME' })
  assert.deepEqual(supervisor.names(), ['calculator'])
})
