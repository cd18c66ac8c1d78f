// A Calculator that is gone before it read a byte has nothing to do with the record that was on its way to it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { EventRing } from '../../../src/engine/event-ring.ts'
import type { BlackBox } from '../../../src/engine/stream/black-box.ts'
import type { Child } from '../../../src/engine/ports.ts'
import { StreamProxy } from '../../../src/engine/stream/stream-proxy.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { quietParts, quietSides } from '../../support/quiet-stream.ts'
import { MemoryLetters, MemorySink, MemorySource } from '../../support/stream-world.ts'

/** Closed its stdin: a write fails, and nothing is known of the pipe afterwards. */
const deaf = (pid: number): Child => ({
  ...{ pid, startedAt: 0 },
  stdin: { write: () => Promise.reject(new Error('EPIPE')), end: () => undefined, unread: () => null },
  stdout: {
    listen: (listener) => queueMicrotask(() => listener.end()),
    ...{ pause: () => undefined, resume: () => undefined, destroy: () => undefined, unread: () => null },
  },
})

for (const [what, size, letters] of [
  ['a record that would have fitted into the pipe', 10, 0],
  ['one of which it may have read a part is suspected, as ever', 100_000, 1],
] as const) {
  test(`dying before the write: ${what}`, async () => {
    const clock = new FakeClock()
    const source = new MemorySource(['x'.repeat(size)], 1)
    const dead = new MemoryLetters()
    const boxes: BlackBox[] = []
    const proxy = new StreamProxy(
      quietParts(clock, new EventRing(clock), {
        ...{ maxLine: 1e6, bufferBytes: 1e6 },
        activity: () => ({ cpu: null, parked: 'unknown' }),
        stderrTail: () => ['no such model'],
        broken: () => undefined,
        crashed: (box) => boxes.push(box),
      }),
      quietSides(clock, { source, sink: new MemorySink(clock, 1), letters: dead, protocol: 'one-to-one' }),
    )
    await source.start(proxy.consumer)
    for (let pid = 1; pid <= 5; pid++) {
      const child = deaf(pid)
      proxy.opened(child)
      await clock.advance(100)
      proxy.closed(child, { code: 1, signal: null }, false)
      await clock.advance(100)
    }
    assert.equal(dead.stored.length, letters)
    assert.equal(boxes.length, 5)
    assert.deepEqual([boxes[0]?.death, boxes[0]?.stderr], [letters === 0 ? 'start' : 'crash', ['no such model']])
    assert.deepEqual(proxy.snapshot().counters.deaths, letters === 0 ? { start: 5 } : { crash: 3, idle: 2 })
    proxy.close()
  })
}
