// What a Calculator that is dead still says, once its output was given up.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { BlackBox } from '../../../src/engine/stream/black-box.ts'
import { EventRing } from '../../../src/engine/event-ring.ts'
import type { Child, RecordSink } from '../../../src/engine/ports.ts'
import { StreamProxy } from '../../../src/engine/stream/stream-proxy.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { quietParts, quietSides } from '../../support/quiet-stream.ts'
import { MemoryLetters, MemorySource } from '../../support/stream-world.ts'
import { stage } from '../../support/talking-child.ts'

for (const protocol of ['relay', 'batch', 'one-to-one', 'keyed'] as const) {
  test(`${protocol}, exactly-once: after an abort nothing is committed that a dead Calculator says`, async () => {
    const boxes: BlackBox[] = []
    const { clock, source, transacted, proxy, child } = await stage(protocol, ['a', 'b'], {
      ...{ transactionLimitMs: 20_000, checkpointIntervalMs: 60_000 },
      activity: () => ({ cpu: null, parked: 'busy' }),
      crashed: (box) => boxes.push(box),
    })
    const answerOf = (value: string, offset: number): string =>
      protocol === 'keyed' ? `{"id":"in-0-${offset}","data":"${value}"}` : value
    child.print(answerOf('a', 0))
    await clock.advance(5)
    // Somebody else still holds its stdout open.
    proxy.closed(child, { code: 1, signal: null }, false)
    transacted?.listener?.voided('the broker said so')
    await clock.advance(5)
    child.print(answerOf('b', 1))
    await clock.advance(450)
    child.end()
    await clock.advance(1000)
    assert.deepEqual([transacted?.commits, transacted?.aborts, source.committed], [0, 1, 0])
    assert.deepEqual(
      boxes.map(({ death, inFlight }) => [death, inFlight]),
      [['crash', protocol === 'relay' || protocol === 'batch' ? 2 : 1]],
      'its death counts as ever',
    )
    proxy.close()
  })
}

/** Its lines lie in a pipe that is read only while it is not paused. */
class FullPipe implements Child {
  readonly pid = 1
  readonly startedAt = 7
  readonly lines: string[]
  isPaused = false
  #listener: { data(chunk: Uint8Array): void; end(): void } | null = null

  constructor(lines: readonly string[]) {
    this.lines = [...lines]
  }

  readonly stdin = {
    write: (): Promise<void> => {
      this.#flow()
      return Promise.resolve()
    },
    end: (): void => undefined,
    unread: (): number => 0,
  }

  readonly stdout = {
    listen: (listener: { data(chunk: Uint8Array): void; end(): void }): void => {
      this.#listener = listener
    },
    pause: (): void => {
      this.isPaused = true
    },
    resume: (): void => {
      this.isPaused = false
      queueMicrotask(() => this.#flow())
    },
    destroy: (): void => undefined,
    unread: (): number => 0,
  }

  #flow(): void {
    for (let line = this.lines.shift(); line !== undefined; line = this.lines.shift()) {
      this.#listener?.data(Buffer.from(`${line}\n`))
      if (this.isPaused) return
    }
    this.#listener?.end()
  }
}

const takesNothing: RecordSink = {
  partitions: () => new Promise(() => undefined),
  write: () => new Promise(() => undefined),
  health: () => ({ lastAckAt: null, error: null }),
  close: () => Promise.resolve(),
}

test('an output that takes nothing holds up nobody, however much is still in the pipe of a dead Calculator', async () => {
  const clock = new FakeClock()
  const source = new MemorySource(['a'], 1)
  const child = new FullPipe(Array.from({ length: 100 }, (_, i) => `line ${i}`))
  const proxy = new StreamProxy(
    quietParts(clock, new EventRing(clock), { bufferBytes: 100 }),
    quietSides(clock, { source, sink: takesNothing, letters: new MemoryLetters(), protocol: 'relay' }),
  )
  proxy.opened(child)
  await source.start(proxy.consumer)
  await clock.advance(5)
  assert.ok(child.isPaused, 'the output is full')
  const drained = proxy.drain(100)
  await clock.advance(100)
  assert.equal(await drained, false)
  proxy.closed(child, { code: null, signal: 'SIGTERM' }, true)
  let isFinished = false
  void proxy.finished.then(() => (isFinished = true))
  await clock.advance(500)
  proxy.abandonOutput()
  await clock.advance(1000)
  assert.deepEqual([isFinished, child.lines, proxy.snapshot().bufferedBytes, source.committed], [true, [], 0, 0])
  proxy.close()
})
