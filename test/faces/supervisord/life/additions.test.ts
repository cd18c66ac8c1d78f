// Keys that supervisord does not have: all of them off unless they are written.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { UpkeepTools } from '../../../../src/engine/upkeep-ports.ts'
import { LineFormatter } from '../../../../src/faces/supervisord/output/line-format.ts'
import { settle, world } from './world.ts'

const chain = `
[program:web]
command=web
depends_on=db
[program:db]
command=db
depends_on=disk
[program:disk]
command=disk
startsecs=0
`

test('depends_on: a program starts when what it needs is RUNNING, and is stopped before it', async (t) => {
  const { life, spawner, clock, child, lines } = world(t, { programs: chain })
  await life.run()
  await settle()
  const names = (): string[] => spawner.children.map(({ spec }) => spec.name)
  assert.deepEqual(names(), ['disk', 'db'])
  assert.ok(lines.includes('INFO web waits for db'))
  await clock.advance(1001)
  await settle()
  assert.deepEqual(names(), ['disk', 'db', 'web'])
  life.shutdown()
  for (const name of ['web', 'db', 'disk']) {
    await settle()
    assert.equal(spawner.kills.at(-1)?.pid, child(name).pid)
    child(name).dieOf('SIGTERM')
  }
  await life.ended
})

test('depends_on: who waits for a program that an update replaces waits for the one in its place', async (t) => {
  const checkedBy = (command: string): string =>
    `[program:db]\ncommand=db\nstartsecs=0\nhealthcheck_command=${command}\nhealthcheck_retries=100
[program:web]\ncommand=web\nstartsecs=0\ndepends_on=db`
  const tools: Partial<UpkeepTools> = {
    runOneShot: ({ command }) =>
      Promise.resolve({ failure: command[0] === 'mended' ? null : 'exit status 1', output: '' }),
  }
  const { life, child, rewrite, statename, lines } = world(t, { programs: checkedBy('broken'), tools })
  await life.run()
  await settle()
  rewrite(checkedBy('mended'))
  assert.deepEqual(life.reread(), { added: [], changed: ['db'], removed: [] })
  const stopped = life.stopGroup('db', { wait: true })
  child('db').dieOf('SIGTERM')
  await stopped
  life.removeGroup('db')
  await settle()
  assert.equal(statename('web'), 'STOPPED')
  life.addGroup('db')
  await settle()
  assert.deepEqual([life.process('db').health, statename('web')], ['healthy', 'RUNNING'])
  assert.equal(lines.filter((line) => line === 'INFO web waits for db').length, 2)
})

test('depends_on: who waits for a program that an update moves into a group waits for it there', async (t) => {
  const web = '[program:web]\ncommand=web\nstartsecs=0\ndepends_on=db\n'
  const db = `${web}[program:db]\ncommand=db\n`
  const { life, clock, child, rewrite, statename, lines } = world(t, { programs: `${db}autostart=false` })
  await life.run()
  rewrite(`${db}[program:other]\ncommand=other\n[group:tier]\nprograms=db`)
  assert.deepEqual(life.reread(), { added: ['other', 'tier'], changed: [], removed: ['db'] })
  life.removeGroup('db')
  life.addGroup('other')
  await clock.advance(2000)
  assert.equal(statename('web'), 'STOPPED', 'what it needs is nowhere')
  life.addGroup('tier')
  await clock.advance(500)
  assert.equal(statename('web'), 'STOPPED')
  await clock.advance(500)
  await settle()
  assert.ok(child('db'))
  assert.equal(statename('web'), 'RUNNING')
  assert.deepEqual(
    lines.filter((line) => line.includes('web waits')),
    ['db', 'db, which is not there', 'tier:db'].map((what) => `INFO web waits for ${what}`),
  )
})

test('depends_on: who is removed while it waits is not started', async (t) => {
  const { life, clock, spawner } = world(t, { programs: chain })
  await life.run()
  await settle()
  life.removeGroup('web')
  life.addGroup('web')
  life.removeGroup('web')
  await clock.advance(1001)
  await settle()
  assert.deepEqual(
    spawner.children.map(({ spec }) => spec.name),
    ['disk', 'db'],
  )
})

test('depends_on that leads back to itself is refused', (t) => {
  const programs = '[program:a]\ncommand=a\ndepends_on=b\n[program:b]\ncommand=b\ndepends_on=a'
  assert.throws(() => world(t, { programs }), /depends_on of a:a leads back to itself/)
})

const ending = (key: string): string => `[program:main]\ncommand=main\nautorestart=false\nstartsecs=0\n${key}`

test('exit_on: the end of a program is the end of all, with its code', async (t) => {
  const { life, child } = world(t, { programs: ending('exit_on=exit') })
  await life.run()
  child('main').exit(7)
  assert.equal(await life.ended, 'SHUTDOWN')
  assert.equal(life.exitCode, 7)
})

test('exit_on=fatal: only giving up counts, and a signal counts as a shell counts it', async (t) => {
  const { life, child, clock } = world(t, {
    programs: '[program:main]\ncommand=main\nstartretries=0\nexit_on=fatal',
  })
  await life.run()
  child('main').dieOf('SIGKILL')
  await clock.advance(1)
  assert.equal(await life.ended, 'SHUTDOWN')
  assert.equal(life.exitCode, 137)
})

test('exit_on unset: nothing ends anything', async (t) => {
  const { life, child } = world(t, { programs: ending('') })
  await life.run()
  child('main').exit(7)
  await settle()
  assert.equal(life.state(), 'RUNNING')
})

test('restart_delay and backoff_max space the starts, startretries=-1 never ends', async (t) => {
  const programs = '[program:x]\ncommand=x\nautorestart=true\nstartretries=-1\nbackoff_max=2\nrestart_delay=5'
  const { life, child, clock, spawner } = world(t, { programs })
  await life.run()
  for (const wait of [1000, 2000, 2000, 2000]) {
    child('x').exit(1)
    await clock.advance(wait - 1)
    assert.equal(spawner.living.length, 0)
    await clock.advance(1)
    assert.equal(spawner.living.length, 1)
  }
  await clock.advance(10_000)
  child('x').exit(1)
  await clock.advance(4999)
  assert.equal(spawner.living.length, 0)
  await clock.advance(1)
  assert.equal(spawner.living.length, 1)
})

test('user_environment: HOME, USER and LOGNAME are the user’s, unless the program sets them', async (t) => {
  const { life, child } = world(t, {
    programs: '[program:x]\ncommand=x\nuser=root\nuser_environment=true\nenvironment=LOGNAME="me"',
  })
  await life.run()
  const { HOME, USER, LOGNAME } = child('x').spec.environment
  assert.deepEqual([HOME, USER, LOGNAME], ['/root', 'root', 'me'])
})

test('log_format: lines carry the name of their program, in any pieces', () => {
  const write = (kind: 'prefix' | 'json', ...chunks: string[]): string => {
    const formatter = new LineFormatter({ kind, process: 'web', channel: 'stderr' })
    const written = chunks.map((chunk) => formatter.write(Buffer.from(chunk), 0))
    return Buffer.concat([...written, formatter.end(0)]).toString()
  }
  assert.equal(write('prefix', 'one\ntw', 'o\n\nend'), 'web | one\nweb | two\nweb | \nweb | end\n')
  assert.equal(
    write('json', 'a "b"\n'),
    '{"time":"1970-01-01T00:00:00.000Z","process":"web","stream":"stderr","msg":"a \\"b\\""}\n',
  )
  assert.equal(write('prefix', 'x'.repeat(70_000)).split('\n').length, 3)
})
