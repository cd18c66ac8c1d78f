// Health checks, memory limits and hooks, over a fake clock: what becomes of a process, and what is said of it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OneShot, OneShotResult, RunOneShot } from '../../../../src/engine/upkeep-ports.ts'
import { settle, world } from './world.ts'

const fine: OneShotResult = { failure: null, output: '' }
const broken: OneShotResult = { failure: 'exit status 1', output: 'no route\nno database\n' }

/** Commands that answer what the test says, by their first word; a word without an answer never ends. */
class Shots {
  readonly answers = new Map<string, OneShotResult>()
  readonly started: OneShot[] = []
  readonly aborted: string[] = []
  readonly #ending = new Map<string, (result: OneShotResult) => void>()

  readonly run: RunOneShot = (shot, signal) => {
    const [word = ''] = shot.command
    this.started.push(shot)
    const answer = this.answers.get(word)
    if (answer !== undefined) return Promise.resolve(answer)
    return new Promise((resolve) => {
      this.#ending.set(word, resolve)
      signal.addEventListener('abort', () => {
        this.aborted.push(word)
        resolve({ failure: 'terminated by SIGKILL', output: '' })
      })
    })
  }

  end(word: string, result = fine): void {
    this.#ending.get(word)?.(result)
  }

  names(): string[] {
    return this.started.map(({ command }) => command[0] ?? '')
  }
}

const checked = `
[program:db]
command=db
startsecs=0
healthcheck_command=check
healthcheck_interval=10
healthcheck_timeout=2
healthcheck_retries=3
`

test('a check that fails so often in a row restarts the program, with the reason in log and events', async (t) => {
  const shots = new Shots()
  shots.answers.set('check', fine)
  const { life, clock, spawner, child, lines, heard } = world(t, {
    programs: checked,
    tools: { runOneShot: shots.run },
  })
  await life.run()
  await settle()
  assert.equal(life.process('db').health, 'healthy')
  const { pid } = child('db')
  shots.answers.set('check', broken)
  await clock.advance(29_999)
  assert.deepEqual([life.process('db').health, spawner.kills], ['healthy', []])
  await clock.advance(1)
  await settle()
  assert.deepEqual(spawner.kills, [{ pid, signal: 'SIGTERM', group: false }])
  child('db').dieOf('SIGTERM')
  await clock.advance(0)
  shots.answers.set('check', fine)
  await settle()
  assert.notEqual(child('db').pid, pid)
  const reason = 'exit status 1: no database'
  assert.deepEqual(lines.slice(lines.indexOf('INFO healthy: db') + 1, -2), [
    `WARN unhealthy: db (${reason})`,
    `WARN restarting: db (unhealthy, ${reason})`,
    'WARN exited: db (terminated by SIGTERM; not expected)',
  ])
  const events = heard.filter((event) => /HEALTH|RESTARTING/.test(event))
  assert.deepEqual(events.slice(0, 3), [
    `PROCESS_HEALTH_HEALTHY processname:db groupname:db pid:${pid}\n`,
    `PROCESS_HEALTH_UNHEALTHY processname:db groupname:db pid:${pid}\n${reason}`,
    `PROCESS_RESTARTING processname:db groupname:db pid:${pid}\nunhealthy, ${reason}`,
  ])
})

test('one success forgets the failures before it, and a check that does not end is a failure', async (t) => {
  const shots = new Shots()
  const { life, clock, spawner, lines } = world(t, { programs: checked, tools: { runOneShot: shots.run } })
  await life.run()
  for (const answer of [null, broken, fine, null, broken]) {
    if (answer !== null) shots.answers.set('check', answer)
    else shots.answers.delete('check')
    await clock.advance(shots.started.length === 0 ? 2000 : 10_000 + (answer === null ? 2000 : 0))
  }
  await settle()
  assert.deepEqual([spawner.kills.length, life.process('db').health], [0, 'healthy'])
  shots.answers.delete('check')
  await clock.advance(12_000)
  assert.equal(spawner.kills.length, 1)
  assert.ok(lines.includes('WARN unhealthy: db (no answer within 2 s)'))
  assert.ok(shots.aborted.length >= 2)
})

test('within the start period failures do not count, and it is looked at each second', async (t) => {
  const shots = new Shots()
  shots.answers.set('check', broken)
  const programs = `${checked}healthcheck_start_period=60`
  const { life, clock, spawner } = world(t, { programs, tools: { runOneShot: shots.run } })
  await life.run()
  await clock.advance(59_000)
  assert.deepEqual([spawner.kills.length, life.process('db').health], [0, 'starting'])
  assert.equal(shots.started.length, 60)
  await clock.advance(22_000)
  assert.equal(spawner.kills.length, 1)
})

test('who depends on it, and who starts it with waiting, waits until it is healthy', async (t) => {
  const shots = new Shots()
  const programs = `${checked}[program:web]\ncommand=web\nstartsecs=0\ndepends_on=db`
  const { life, clock, spawner } = world(t, { programs, tools: { runOneShot: shots.run } })
  await life.run()
  await settle()
  assert.deepEqual(
    spawner.children.map(({ spec }) => spec.name),
    ['db'],
  )
  shots.end('check')
  await settle()
  assert.deepEqual(
    spawner.children.map(({ spec }) => spec.name),
    ['db', 'web'],
  )

  void life.stopProcess('db', { wait: true })
  spawner.children[0]?.dieOf('SIGTERM')
  await settle()
  shots.answers.set('check', broken)
  const started = life.startProcess('db', { wait: true })
  void assert.rejects(started, /ABNORMAL_TERMINATION/)
  await clock.advance(20_000)
  await assert.rejects(started, /ABNORMAL_TERMINATION/)
})

test('a stop while it is stopped for being unhealthy wins', async (t) => {
  const shots = new Shots()
  shots.answers.set('check', broken)
  const { life, clock, child, spawner, statename } = world(t, { programs: checked, tools: { runOneShot: shots.run } })
  await life.run()
  await clock.advance(20_000)
  const stopped = life.stopProcess('db', { wait: true })
  child('db').dieOf('SIGTERM')
  await stopped
  await clock.advance(100_000)
  assert.deepEqual([statename('db'), spawner.living.length], ['STOPPED', 0])
})

test('memory_limit: too much is a restart that says how much, at any limit only for who has one', async (t) => {
  const memory = new Map<number, number>()
  const programs = `[program:fat]\ncommand=fat\nmemory_limit=100MB\n[program:free]\ncommand=free`
  const measured: (readonly number[])[] = []
  const { life, clock, child, spawner, lines } = world(t, {
    programs,
    tools: {
      measureMemory: (pids) => {
        measured.push(pids)
        return Promise.resolve(memory)
      },
    },
  })
  await life.run()
  const { pid } = child('fat')
  memory.set(pid, 100 * 1024 ** 2).set(child('free').pid, 2 ** 40)
  await clock.advance(5000)
  await settle()
  assert.deepEqual([measured, spawner.kills], [[[pid]], []])
  memory.set(pid, 130 * 1024 ** 2)
  await clock.advance(5000)
  await settle()
  assert.deepEqual(spawner.kills, [{ pid, signal: 'SIGTERM', group: false }])
  child('fat').dieOf('SIGTERM')
  await clock.advance(0)
  assert.notEqual(child('fat').pid, pid)
  assert.ok(lines.includes('WARN restarting: fat (memory of 130.0MB is over memory_limit 100.0MB)'))
})

const hooked = `
[program:app]
command=app
autorestart=true
startsecs=0
environment=MODE="hot"
pre_start=before one
post_start=after
post_stop=stopped
on_exit=died
hook_timeout=7
`

test('hooks run around each life, with what they need to know, and the next start waits for them', async (t) => {
  const shots = new Shots()
  const { life, clock, child, spawner, lines, statename } = world(t, {
    programs: hooked,
    tools: { runOneShot: shots.run },
  })
  await life.run()
  await settle()
  assert.deepEqual([shots.names(), spawner.children.length, statename('app')], [['before'], 0, 'STARTING'])
  shots.end('before')
  await settle()
  assert.deepEqual([shots.names(), statename('app')], [['before', 'after'], 'RUNNING'])
  shots.end('after', broken)
  await settle()
  const { pid } = child('app')
  child('app').exit(3)
  await clock.advance(1000)
  await settle()
  assert.deepEqual(shots.names(), ['before', 'after', 'died'])
  const { environment, command } = shots.started[2] ?? { environment: {}, command: [] }
  const { MODE, SUPERVISOR_HOOK, SUPERVISOR_PROCESS_PID, SUPERVISOR_EXIT_STATUS, SUPERVISOR_PROCESS_NAME } = environment
  assert.deepEqual(
    [MODE, SUPERVISOR_HOOK, SUPERVISOR_PROCESS_PID, SUPERVISOR_EXIT_STATUS, SUPERVISOR_PROCESS_NAME, ...command],
    ['hot', 'on_exit', String(pid), '3', 'app', 'died'],
  )
  assert.equal(spawner.children.length, 1)
  shots.answers.set('before', fine)
  shots.end('died')
  await settle()
  assert.equal(spawner.children.length, 2)

  void life.stopProcess('app', { wait: true })
  child('app').dieOf('SIGTERM')
  await settle()
  assert.deepEqual([shots.names().slice(-1), shots.aborted], [['stopped'], ['after']])
  await clock.advance(7000)
  await settle()
  for (const line of [
    "INFO pre_start of 'app' done",
    "WARN post_start of 'app' failed: exit status 1 (no database)",
    "INFO post_start of 'app' was called off",
    "WARN post_stop of 'app' failed: not done within 7 s, killed",
  ]) {
    assert.ok(lines.includes(line), `${line} in\n${lines.join('\n')}`)
  }
})

test('a pre_start that fails is a start that failed, tried again like any other', async (t) => {
  const shots = new Shots()
  shots.answers.set('before', broken)
  const { life, clock, spawner, statename } = world(t, { programs: hooked, tools: { runOneShot: shots.run } })
  const starting = life.startProcess('app', { wait: true })
  await assert.rejects(starting, /SPAWN_ERROR/)
  assert.equal(statename('app'), 'BACKOFF')
  assert.equal(life.process('app').spawnerr, 'pre_start failed: exit status 1')
  shots.answers.set('before', fine)
  await clock.advance(1000)
  await settle()
  assert.deepEqual([statename('app'), spawner.living.length], ['RUNNING', 1])
})

test('a stop calls a pre_start off, and the start after it begins anew', async (t) => {
  const shots = new Shots()
  const { life, spawner, statename } = world(t, { programs: hooked, tools: { runOneShot: shots.run } })
  await life.run()
  await settle()
  await life.stopProcess('app', { wait: true })
  assert.deepEqual([statename('app'), shots.aborted], ['STOPPED', ['before']])
  shots.answers.set('before', fine)
  await life.startProcess('app', { wait: true })
  assert.deepEqual([statename('app'), spawner.living.length], ['RUNNING', 1])
})

test('a shutdown ends when the last hook has ended', async (t) => {
  const shots = new Shots()
  shots.answers.set('before', fine).set('after', fine)
  const { life, child } = world(t, { programs: hooked, tools: { runOneShot: shots.run } })
  await life.run()
  await settle()
  let hasEnded = false
  void life.ended.then(() => (hasEnded = true))
  life.shutdown()
  await settle()
  child('app').dieOf('SIGTERM')
  await settle()
  assert.deepEqual([shots.names().at(-1), hasEnded], ['stopped', false])
  shots.end('stopped')
  assert.equal(await life.ended, 'SHUTDOWN')
})
