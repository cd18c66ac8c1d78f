import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Protocol } from '../../../src/domain/stream/settings.ts'
import { rulesOf } from '../../../src/domain/stream/protocol/rules.ts'
import { lookAtStdin, pipeClosed, type ClosedPipeWorks } from '../../../src/engine/stream/closed-pipes.ts'
import { DiscardingSink } from '../../../src/engine/stream/discarding-sink.ts'
import { EventRing } from '../../../src/engine/event-ring.ts'
import { Lane } from '../../../src/engine/stream/lane.ts'
import type { Child } from '../../../src/engine/ports.ts'
import { StreamReport } from '../../../src/engine/stream/stream-report.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { MemorySink } from '../../support/stream-world.ts'
import { stage } from '../../support/talking-child.ts'

interface Setting {
  readonly discards?: boolean
  readonly replayable?: boolean
}

/** A Calculator whose pipes close when told, and what was said of them. */
function world(protocol: Protocol, { discards = false, replayable = true }: Setting = {}) {
  const clock = new FakeClock()
  const events = new EventRing(clock)
  const report = new StreamReport(events, 'calculator', clock)
  const silent: Lane[] = []
  const works: ClosedPipeWorks = {
    parts: { clock, replayable },
    sides: { protocol, sink: discards ? new DiscardingSink(clock) : new MemorySink(clock, 1) },
    rules: rulesOf(protocol, false),
    report,
    feeder: { detach: () => undefined },
    answering: { fellSilent: (lane) => void silent.push(lane) },
  }
  const output: { end?: () => void } = {}
  const stdin = { isClosed: false }
  const child: Child = {
    ...{ pid: 7, startedAt: 0 },
    stdin: {
      ...{ write: () => Promise.resolve(), end: () => undefined, unread: () => null },
      closed: () => stdin.isClosed,
    },
    stdout: {
      listen: (listener) => {
        output.end = () => listener.end()
      },
      ...{ pause: () => undefined, resume: () => undefined, destroy: () => undefined, unread: () => null },
    },
  }
  const lane: Lane = new Lane(
    child,
    null,
    { maxLine: 10, oomKills: null },
    {
      lines: () => undefined,
      oversized: () => undefined,
      closed: (pipe) => pipeClosed(works, lane, pipe),
    },
  )
  if (protocol === 'source') lane.readNothing()
  lookAtStdin(lane, clock, () => pipeClosed(works, lane, 'stdin'))
  return {
    ...{ lane, clock, stdin, silent },
    close: { stdin: () => lane.refused(1), stdout: () => output.end?.() },
    /** The pipes that were told of a second later. */
    told: async (): Promise<unknown[]> => {
      await clock.advance(1000)
      return events.since(0).map(({ event, level, fields }) => [event, level, fields['pipe'], fields['pid']])
    },
  }
}

for (const pipe of ['stdin', 'stdout'] as const) {
  test(`a Calculator that closed its ${pipe} and lives is told of`, async () => {
    const { lane, close, told } = world('relay')
    close[pipe]()
    assert.deepEqual(await told(), [['stream.pipe-closed', 'warn', pipe, 7]])
    assert.equal(lane.stdinClosed, pipe === 'stdin')
  })

  for (const [why, change] of [
    ['died of it', (lane: Lane) => (lane.status = { code: 0, signal: null })],
    ['is being stopped', (lane: Lane) => (lane.stopping = true)],
    ['was told that nothing more comes', (lane: Lane) => lane.endInput()],
  ] as const) {
    test(`one that closed its ${pipe} and ${why} is not`, async () => {
      const { lane, close, told } = world('relay')
      close[pipe]()
      change(lane)
      assert.deepEqual(await told(), [])
      assert.ok(!lane.stdinClosed)
    })
  }

  test(`nor one that does not need its ${pipe}`, async () => {
    const { close, told } = world(pipe === 'stdin' ? 'source' : 'sink')
    close[pipe]()
    assert.deepEqual(await told(), [])
  })
}

for (const [where, protocol, setting] of [
  ['whose lines are records', 'relay', {}],
  ['whose lines are answers', 'one-to-one', {}],
  ['whose answers go nowhere, and are needed to tell what is done', 'one-to-one', { discards: true }],
  ['that makes records', 'source', {}],
] as const satisfies (readonly [string, Protocol, Setting])[]) {
  test(`one ${where} is mute as soon as it closed its stdout, and started anew if it does not end`, async () => {
    const { clock, lane, silent, close, told } = world(protocol, setting)
    close.stdout()
    assert.deepEqual([lane.mute, lane.checkable], [true, false])
    await told()
    await clock.advance(3999)
    assert.deepEqual(silent, [])
    await clock.advance(1)
    assert.deepEqual(silent, [lane])
  })
}

for (const [why, protocol, setting] of [
  ['its lines are log', 'sink', {}],
  ['its exit says when all is done', 'batch', {}],
  ['its lines go nowhere', 'relay', { discards: true }],
  ['nothing could be read again', 'relay', { replayable: false }],
] as const satisfies (readonly [string, Protocol, Setting])[]) {
  test(`${protocol}: one that closed its stdout goes on where ${why}`, async () => {
    const { clock, lane, silent, close } = world(protocol, setting)
    close.stdout()
    await clock.advance(60_000)
    assert.deepEqual([lane.mute, lane.checkable, silent], [false, true, []])
  })
}

test('one that ends after it closed its stdout is given the time for it', async () => {
  const { clock, lane, silent, close, told } = world('relay')
  close.stdout()
  await told()
  lane.status = { code: 1, signal: null }
  await clock.advance(60_000)
  assert.deepEqual(silent, [])
})

test('relay: what a Calculator read and never answered, its stdout closed, is not committed but read again', async () => {
  const world = await stage('relay', ['a', 'b', 'c', 'd'])
  const { clock, source, events } = world
  assert.deepEqual(world.child.lines, ['a', 'b', 'c', 'd'])
  world.child.print('A')
  world.child.end()
  // As the kernel shows it, it waits for more.
  await clock.advance(4999)
  assert.deepEqual([source.committed, world.killed], [0, false])
  await clock.advance(1)
  assert.deepEqual([source.committed, world.killed], [0, true])
  const next = world.replace({ code: null, signal: 'SIGKILL' }, true)
  await clock.advance(2000)
  assert.deepEqual([next.lines, source.committed], [['a', 'b', 'c', 'd'], 4])
  assert.deepEqual(
    events.since(0).flatMap(({ event, fields }) => (event === 'stream.violation' ? [fields['feeding']] : [])),
    ['restarted'],
  )
  world.proxy.close()
})

test('relay: nor is it when that Calculator leaves with exit 0 after its input has ended', async () => {
  const { clock, source, proxy, child } = await stage('relay', ['a', 'b'])
  child.end()
  const drained = proxy.drain(60_000)
  await clock.advance(1)
  assert.equal(await drained, false, 'nobody waits for its checkpoint')
  proxy.endInput(child)
  proxy.closed(child, { code: 0, signal: null }, false)
  await proxy.finished
  assert.equal(source.committed, 0)
  proxy.close()
})

test('batch: its exit 0 is its word, also where it closed its stdout', async () => {
  const { clock, source, proxy, child } = await stage('batch', ['a', 'b'])
  child.print('done')
  child.end()
  await clock.advance(1000)
  assert.ok(child.inputEnded)
  proxy.closed(child, { code: 0, signal: null }, false)
  await clock.advance(1000)
  assert.equal(source.committed, 2)
  proxy.close()
})

test('one that has closed its stdout, and lives, gets nothing more', async () => {
  const { clock, source, proxy, child } = await stage('relay', ['a', 'b'])
  child.end()
  await clock.advance(999)
  assert.deepEqual(child.lines, ['a', 'b'])
  await clock.advance(1)
  // Nothing of it was committed: it comes again, and would be given to it.
  await source.changeHands()
  await clock.advance(100)
  assert.deepEqual(child.lines, ['a', 'b'])
  proxy.close()
})

test('where its lines went nowhere, another output needs them', async () => {
  const world = await stage('relay', ['a', 'b'])
  const { clock, source, proxy, sides } = world
  proxy.use({ ...sides, sink: new DiscardingSink(clock) })
  world.child.end()
  await clock.advance(500)
  assert.equal(source.committed, 2)
  await clock.advance(60_000)
  assert.equal(world.killed, false)
  proxy.use(sides)
  await clock.advance(4000)
  assert.ok(world.killed)
  proxy.close()
})

test('one that closed its stdin while there are no records is told of, once', async () => {
  const { lane, clock, stdin, close, told } = world('relay')
  await clock.advance(60_000)
  assert.ok(!lane.stdinClosed)
  stdin.isClosed = true
  await clock.advance(1000)
  // The next record comes in the second in which it may turn out to be dead.
  close.stdin()
  assert.deepEqual(await told(), [['stream.pipe-closed', 'warn', 'stdin', 7]])
  assert.ok(lane.stdinClosed)
  assert.equal(clock.pending, 0)
})
