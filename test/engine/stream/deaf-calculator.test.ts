// A Calculator that closed its stdin and lives on: what it was not given is not done, however quiet it is.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventRing } from '../../../src/engine/event-ring.ts'
import type { Child } from '../../../src/engine/ports.ts'
import { StreamProxy } from '../../../src/engine/stream/stream-proxy.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { quietParts, quietSides } from '../../support/quiet-stream.ts'
import { MemoryCalculator, MemoryLetters, MemorySink, MemorySource } from '../../support/stream-world.ts'

/** Takes one write, then closes its stdin; as the kernel shows it, it waits for something ever after. */
function deaf(pid: number): Child {
  let writes = 0
  return {
    ...{ pid, startedAt: 0 },
    stdin: {
      write: () => (writes++ === 0 ? Promise.resolve() : Promise.reject(new Error('EPIPE'))),
      end: () => undefined,
      unread: () => (writes > 1 ? null : 0),
    },
    stdout: {
      ...{ listen: () => undefined, pause: () => undefined, resume: () => undefined, destroy: () => undefined },
      unread: () => 0,
    },
  }
}

/** Three records, one at a time, for whoever is opened. */
function world() {
  const clock = new FakeClock()
  const source = new MemorySource(['0', '1', '2'], 1)
  const sink = new MemorySink(clock, 1)
  const proxy = new StreamProxy(
    quietParts(clock, new EventRing(clock), { activity: () => ({ cpu: 0n, parked: 'waiting' }) }),
    quietSides(clock, { source, sink, letters: new MemoryLetters(), protocol: 'relay' }),
  )
  return { clock, source, sink, proxy }
}

test('relay: records that a Calculator could not be given are not committed, but given to the next one', async () => {
  const { clock, source, sink, proxy } = world()
  const first = deaf(1)
  proxy.opened(first)
  await source.start(proxy.consumer)
  await clock.advance(30_000)
  assert.deepEqual([source.committed, proxy.snapshot().inFlight], [0, 2])
  assert.ok(proxy.snapshot().stdinClosed)
  proxy.closed(first, { code: null, signal: 'SIGKILL' }, true)
  const answers = (line: string): string => `${line}\n`
  proxy.opened(new MemoryCalculator(2, clock, 1, answers))
  await clock.advance(5000)
  assert.deepEqual(sink.stored, ['0', '1', '2'])
  assert.ok(!proxy.snapshot().stdinClosed)
  assert.equal(source.committed, 3)
  proxy.close()
})

test('relay: nobody waits for a checkpoint of a Calculator that closed its stdin', async () => {
  const { clock, source, proxy } = world()
  proxy.opened(deaf(1))
  await source.start(proxy.consumer)
  await clock.advance(10)
  let drained: boolean | null = null
  void proxy.drain(60_000).then((isAll) => (drained = isAll))
  await clock.advance(1)
  assert.equal(drained, false)
  proxy.close()
})

test('relay: nor are those of one that said that it is stopping, and closed its stdin then', async () => {
  const { clock, source, proxy } = world()
  const write = Promise.withResolvers<undefined>()
  let say: (line: string, cut: boolean) => void = () => assert.fail('nobody listens')
  const child = deaf(1)
  proxy.opened({
    ...child,
    stdin: { ...child.stdin, write: () => write.promise, unread: () => null },
    control: { listen: (listener) => (say = listener), catchUp: () => undefined },
  })
  await source.start(proxy.consumer)
  await clock.advance(10)
  say('{"type":"stopping"}', false)
  write.reject(new Error('EPIPE'))
  await clock.advance(30_000)
  assert.deepEqual([source.committed, proxy.snapshot().inFlight], [0, 1])
  proxy.close()
})
