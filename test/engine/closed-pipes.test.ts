import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Protocol } from '../../src/domain/stream/settings.ts'
import { lookAtStdin, watchClosed } from '../../src/engine/closed-pipes.ts'
import { EventRing } from '../../src/engine/event-ring.ts'
import { Lane } from '../../src/engine/lane.ts'
import type { Child } from '../../src/engine/ports.ts'
import { StreamReport } from '../../src/engine/stream-report.ts'
import { FakeClock } from '../support/fake-clock.ts'

/** A Calculator whose pipes close when told, and what was said of them. */
function world(protocol: Protocol) {
  const clock = new FakeClock()
  const events = new EventRing(clock)
  const report = new StreamReport(events, 'calculator', clock)
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
      closed: (pipe) => watchClosed(lane, pipe, clock, report, () => protocol),
    },
  )
  lookAtStdin(lane, clock, () => watchClosed(lane, 'stdin', clock, report, () => protocol))
  return {
    ...{ lane, clock, stdin },
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
