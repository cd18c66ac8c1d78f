import assert from 'node:assert/strict'
import { test } from 'node:test'
import { calculator, program } from '../../domain/process/world.ts'
import { code, engine, eventsOf } from './supervisor-engine.ts'

test('a start spawns, hands the pipes to the owner, and is RUNNING after startsecs', async () => {
  const { supervisor, spawner, clock, owner } = engine(program())
  supervisor.start('score')
  assert.equal(supervisor.snapshot('score')?.state, 'STARTING')
  assert.deepEqual(owner.calls, [`opened ${spawner.last.pid}`])
  await clock.advance(999)
  assert.equal(supervisor.snapshot('score')?.state, 'STARTING')
  await clock.advance(1)
  assert.deepEqual(supervisor.snapshot('score'), {
    name: 'score',
    group: 'score',
    state: 'RUNNING',
    pid: spawner.last.pid,
    startedAt: spawner.last.startedAt,
    stoppedAt: null,
    exit: null,
    spawnerr: '',
    retries: 0,
    crashLoop: false,
    retryInMs: null,
    ranWell: false,
    restarts: 0,
    again: null,
    stderrTail: [],
  })
  assert.equal(clock.pending, 0)
})

test('a failed start is told with all its numbers, and retryInMs counts down', async () => {
  const { supervisor, spawner, clock, owner, events } = engine(program())
  supervisor.start('score')
  const { pid } = spawner.last
  spawner.stderr.set('score', ['no such model'])
  await clock.advance(100)
  spawner.last.exit(3)
  assert.equal(owner.calls.at(-1), `closed ${pid} 3 signalled=false`)
  const [exited] = eventsOf(events, 'process.exited')
  assert.ok(exited)
  assert.equal(exited.level, 'warn')
  assert.equal(exited.message, 'score exited (exit status 3; not expected)')
  assert.equal(exited.mono, clock.now())
  assert.equal(exited.wall, clock.wall())
  assert.deepEqual(exited.fields, {
    process: 'score',
    state: 'BACKOFF',
    from: 'STARTING',
    pid,
    exitCode: 3,
    signal: null,
    expected: false,
  })
  const [backoff] = eventsOf(events, 'process.backoff')
  assert.ok(backoff)
  assert.equal(backoff.level, 'warn')
  assert.deepEqual(backoff.fields, {
    process: 'score',
    state: 'BACKOFF',
    from: 'STARTING',
    retries: 1,
    reason: 'Exited too quickly (process log may have details)',
    crashLoop: false,
    retryInMs: 1000,
  })
  await clock.advance(400)
  const snapshot = supervisor.snapshot('score')
  assert.ok(snapshot)
  assert.equal(snapshot.retryInMs, 600)
  assert.equal(snapshot.stoppedAt, clock.wall() - 400)
  assert.deepEqual(snapshot.stderrTail, ['no such model'])
  await clock.advance(600)
  assert.equal(spawner.children.length, 2)
  assert.equal(supervisor.snapshot('score')?.restarts, 1)
})

test('a program that cannot be spawned ends FATAL with its reason, loudly', async () => {
  const { supervisor, spawner, clock, owner, events } = engine(program({ startretries: 1 }))
  spawner.spawnFailures.push("can't find command '/opt/score'", "can't find command '/opt/score'")
  supervisor.start('score')
  assert.equal(supervisor.snapshot('score')?.state, 'BACKOFF')
  await clock.advance(1000)
  await clock.advance(0)
  assert.equal(supervisor.snapshot('score')?.state, 'FATAL')
  assert.equal(supervisor.snapshot('score')?.spawnerr, "can't find command '/opt/score'")
  assert.deepEqual(owner.calls, [])
  assert.equal(eventsOf(events, 'process.spawn-failed').length, 2)
  assert.equal(eventsOf(events, 'process.fatal').at(-1)?.level, 'error')
  assert.equal(clock.pending, 0)
})

test('an answered record makes the Calculator RUNNING at once and its death a restart at once', async () => {
  const { supervisor, spawner, clock } = engine(calculator())
  supervisor.start('score')
  supervisor.progressed('score')
  assert.equal(supervisor.snapshot('score')?.state, 'RUNNING')
  spawner.last.dieOf('SIGKILL')
  assert.equal(supervisor.snapshot('score')?.retryInMs, 0)
  await clock.advance(0)
  assert.equal(supervisor.snapshot('score')?.state, 'STARTING')
  assert.equal(spawner.children.length, 2)
})

test('a crash loop shows from the fourth failed start, and ends with an answer', async () => {
  const { supervisor, spawner, clock } = engine(calculator())
  supervisor.start('score')
  for (const wait of [0, 500, 1000]) {
    spawner.last.exit(1)
    await clock.advance(wait)
  }
  assert.equal(supervisor.snapshot('score')?.crashLoop, false)
  spawner.last.exit(1)
  assert.equal(supervisor.snapshot('score')?.crashLoop, true)
  assert.equal(supervisor.snapshot('score')?.retryInMs, 2000)
  await clock.advance(2000)
  supervisor.progressed('score')
  assert.equal(supervisor.snapshot('score')?.crashLoop, false)
})

test('a stop closes stdin through the owner, then signals the group, then kills, and resolves when the child is dead', async () => {
  const { supervisor, spawner, clock, owner } = engine(
    calculator({
      stop: [
        { action: 'eof', wait: 1500 },
        { action: 'SIGTERM', wait: 1500 },
        { action: 'SIGKILL', wait: 0 },
      ],
      stopasgroup: true,
      killasgroup: true,
      sweepgroup: true,
    }),
  )
  supervisor.start('score')
  const { pid } = spawner.last
  const sent = (): string[] => spawner.kills.map(({ pid: to, signal, group }) => `${signal} ${to} group=${group}`)
  let stopped = false
  const stop = supervisor.stop('score').then(() => (stopped = true))
  assert.equal(owner.calls.at(-1), `endInput ${pid}`)
  assert.deepEqual(sent(), [])
  await clock.advance(1500)
  assert.deepEqual(sent(), [`SIGTERM ${pid} group=true`])
  await clock.advance(1500)
  assert.deepEqual(sent(), [`SIGTERM ${pid} group=true`, `SIGKILL ${pid} group=true`])
  assert.equal(stopped, false)
  spawner.last.dieOf('SIGKILL')
  await stop
  assert.equal(sent().length, 3, 'what is left of the group is killed')
  assert.equal(owner.calls.at(-1), `closed ${pid} SIGKILL signalled=true`)
  assert.equal(supervisor.snapshot('score')?.state, 'STOPPED')
  assert.equal(clock.pending, 0)
})

test('a child that leaves on end of input was not signalled', async () => {
  const { supervisor, spawner, owner } = engine(calculator({ stop: [{ action: 'eof', wait: 1500 }] }))
  supervisor.start('score')
  const stop = supervisor.stop('score')
  spawner.last.exit(0)
  await stop
  assert.match(owner.calls.at(-1) ?? '', /signalled=false$/)
})

test('a signal is held against the child that got it, not against the next', async () => {
  const { supervisor, spawner, owner } = engine(program())
  supervisor.start('score')
  const stop = supervisor.stop('score')
  spawner.last.exit(0)
  await stop
  assert.match(owner.calls.at(-1) ?? '', / 0 signalled=true$/)
  supervisor.start('score')
  spawner.last.exit(0)
  assert.match(owner.calls.at(-1) ?? '', / 0 signalled=false$/)
})

test('refusals carry the code and the name', async () => {
  const { supervisor, spawner } = engine(program())
  assert.throws(() => supervisor.start('nobody'), code('BAD_NAME'))
  await assert.rejects(supervisor.stop('nobody'), code('BAD_NAME'))
  await assert.rejects(supervisor.whenSettled('nobody'), code('BAD_NAME'))
  await assert.rejects(supervisor.stop('score'), code('NOT_RUNNING'))
  supervisor.start('score')
  assert.throws(() => supervisor.start('score'), code('ALREADY_STARTED', 'score'))
  assert.throws(() => supervisor.remove('score'), code('FAILED'))
  const stop = supervisor.stop('score')
  assert.throws(() => supervisor.start('score'), code('ABNORMAL_TERMINATION'))
  await assert.rejects(supervisor.stop('score'), code('NOT_RUNNING'))
  spawner.last.dieOf('SIGTERM')
  await stop
  assert.equal(supervisor.snapshot('nobody'), undefined)
})

test('a stop while BACKOFF resolves at once and nothing is started afterwards', async () => {
  const { supervisor, spawner, clock } = engine(program())
  supervisor.start('score')
  spawner.last.exit(1)
  await supervisor.stop('score')
  assert.equal(supervisor.snapshot('score')?.state, 'STOPPED')
  await clock.advance(60_000)
  assert.equal(spawner.children.length, 1)
})

test('whenSettled waits through restarts', async () => {
  const { supervisor, spawner, clock } = engine(program({ startretries: 1 }))
  supervisor.start('score')
  let settled = false
  const waiting = supervisor.whenSettled('score').then(() => (settled = true))
  spawner.last.exit(1)
  await clock.advance(1000)
  assert.equal(settled, false)
  spawner.last.exit(1)
  await clock.advance(0)
  await waiting
  assert.equal(supervisor.snapshot('score')?.state, 'FATAL')
})

test('replace is for the next start; add and remove keep names unique', async () => {
  const { supervisor, spawner, owner } = engine(program())
  supervisor.start('score')
  supervisor.replace('score', program({ command: ['/opt/other'] }))
  assert.deepEqual(supervisor.spec('score').command, ['/opt/other'])
  assert.throws(() => supervisor.replace('score', program({ name: 'x' })), code('BAD_NAME'))
  const stop = supervisor.stop('score')
  spawner.last.dieOf('SIGTERM')
  await stop
  supervisor.start('score')
  assert.deepEqual(spawner.last.spec.command, ['/opt/other'])

  assert.throws(() => supervisor.add(program(), owner), code('BAD_NAME'))
  assert.equal(supervisor.add(program({ name: 'b' }), owner), 'score:b')
  supervisor.remove('score:b')
  assert.deepEqual(
    supervisor.snapshots().map(({ name }) => name),
    ['score'],
  )
})

test('a child that the system does not let us signal is UNKNOWN, does not hold up a stop, and settles when it dies', async () => {
  const { supervisor, spawner, events } = engine(program())
  supervisor.start('score')
  spawner.killFailure = 'not permitted'
  await supervisor.stop('score')
  assert.equal(supervisor.snapshot('score')?.state, 'UNKNOWN')
  assert.equal(eventsOf(events, 'process.unknown').at(-1)?.fields['reason'], 'not permitted')
  assert.throws(() => supervisor.start('score'), code('FAILED'))
  spawner.last.exit(0)
  assert.equal(supervisor.snapshot('score')?.state, 'STOPPED')
})

test('who is killed as useless dies as by himself; where that is refused it is told, and he stays what he is', () => {
  const { supervisor, spawner, events } = engine(program())
  supervisor.start('score')
  const { pid } = spawner.last
  spawner.killFailure = 'not permitted'
  supervisor.kill('score', pid)
  assert.notEqual(supervisor.snapshot('score')?.state, 'UNKNOWN')
  assert.match(JSON.stringify(events.since(0)), /not permitted/)
  spawner.killFailure = null
  supervisor.kill('score', pid + 1)
  assert.deepEqual(spawner.kills, [])
  supervisor.kill('score', pid)
  assert.deepEqual(
    spawner.kills.map(({ signal }) => signal),
    ['SIGKILL'],
  )
})
