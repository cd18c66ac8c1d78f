// Records that cannot be lines, and whose letters cannot be stored at once: what was handed over before them stays so.
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { EventRing } from '../../../src/engine/event-ring.ts'
import type { DeadLetterSink } from '../../../src/engine/ports.ts'
import type { StreamParts, StreamSides } from '../../../src/engine/stream/stream-parts.ts'
import { StreamProxy } from '../../../src/engine/stream/stream-proxy.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { HeldLetters } from '../../support/pump-world.ts'
import { quietParts, quietSides } from '../../support/quiet-stream.ts'
import { batchOf, MemoryLetters, MemorySink, MemorySource } from '../../support/stream-world.ts'
import { TalkingChild } from '../../support/talking-child.ts'
import { TransactionalWorld } from '../../support/transactional-world.ts'

/** So large that two of them are looked at in two slices. */
const large = (name: string): string => name.padEnd(200 * 1024, '.')
const REFUSED = 'no\nJSON'

/** One piece of a partition, as a source hands it over; the last but one of its records cannot be a line. */
async function world(t: TestContext, letters: DeadLetterSink, own: Partial<StreamParts> = {}) {
  const clock = new FakeClock()
  const source = new MemorySource([], 1)
  const sides = quietSides(clock, { source, sink: new MemorySink(clock, 1), letters, protocol: 'relay' })
  const parts = quietParts(clock, new EventRing(clock), { bufferBytes: 4 << 20, maxLine: 1 << 20, ...own })
  const proxy = new StreamProxy(parts, sides)
  t.after(() => proxy.close())
  const child = new TalkingChild(1)
  proxy.opened(child)
  await source.start(proxy.consumer)
  const piece = batchOf(source.at, source.epoch, 0, [large('a'), large('b'), REFUSED, 'c'])
  const handed: unknown[] = []
  proxy.consumer.batch(piece).then(
    () => handed.push('taken'),
    (error: unknown) => handed.push(error),
  )
  await clock.advance(100)
  const given = (): string[] => child.lines.map((line) => line.slice(0, 1))
  return { clock, proxy, sides, source, given, handed }
}

test('a letter that waits for its sink goes to the one that takes its place, and nothing is handed over twice', async (t) => {
  const letters = new HeldLetters()
  letters.held = Promise.withResolvers()
  const { clock, proxy, sides, given, handed } = await world(t, letters)
  assert.deepEqual([given(), handed], [['a'], []])
  const next = new MemoryLetters()
  proxy.use({ ...sides, letters: next })
  letters.held.reject(new Error('closed'))
  await clock.advance(100)
  assert.deepEqual(handed, ['taken'])
  assert.deepEqual(given(), ['a', 'b', 'c'])
  assert.deepEqual(
    next.stored.map(({ value }) => Buffer.from(value).toString().trim()),
    [REFUSED],
  )
})

test('nobody waits for the letter of a partition that went to another owner, and it is counted for nobody', async (t) => {
  const letters = new HeldLetters()
  letters.held = Promise.withResolvers()
  const { clock, proxy, sides, source, given, handed } = await world(t, letters)
  const revoked = proxy.consumer.revoked([source.at], AbortSignal.abort())
  await clock.advance(2000)
  await revoked
  const next = new MemoryLetters()
  proxy.use({ ...sides, letters: next })
  letters.held.reject(new Error('closed'))
  await clock.advance(100)
  assert.deepEqual([handed, given(), next.stored], [['taken'], ['a'], []])
  assert.deepEqual(proxy.snapshot().counters.deadLetters, {})
})

test('a letter that can never be stored ends the agent, and its partition does not go on', async (t) => {
  const letters = new HeldLetters()
  letters.held = Promise.withResolvers()
  const failures: unknown[] = []
  const { clock, proxy, given, handed } = await world(t, letters, { failed: (error) => failures.push(error) })
  const full = new Error('no space left on device')
  letters.held.reject(full)
  await clock.advance(100)
  assert.deepEqual([failures, handed, given()], [[full], [], ['a']])
  proxy.close()
})

test('a stream that ends leaves its letters to whoever reads their records again', async (t) => {
  const letters = new HeldLetters()
  letters.held = Promise.withResolvers()
  const failures: unknown[] = []
  const { clock, proxy, given, handed } = await world(t, letters, { failed: (error) => failures.push(error) })
  proxy.close()
  letters.held.reject(new Error('closed'))
  await clock.advance(100)
  assert.deepEqual([failures, handed, given()], [[], ['taken'], ['a']])
})

test('what of an exchanged source still waited is nobody’s, though the new one counts its epochs the same', async (t) => {
  const letters = new HeldLetters()
  letters.held = Promise.withResolvers()
  const { clock, proxy, sides, given, handed } = await world(t, letters)
  assert.deepEqual(given(), ['a'])
  const next = new MemorySource(['a', 'b', 'c'], 3)
  proxy.use({ ...sides, source: next })
  await next.start(proxy.consumer)
  await clock.advance(100)
  letters.held.resolve(undefined)
  await clock.advance(100)
  assert.deepEqual([handed, given()], [['taken'], ['a', 'a', 'b', 'c']])
})

test('exactly once: a letter that waited for its turn goes with its source, and is written by the next one alone', async (t) => {
  const values = ['a', REFUSED, 'c']
  const clock = new FakeClock()
  const sidesOf = (source: MemorySource): { readonly world: TransactionalWorld; readonly sides: StreamSides } => {
    const world = new TransactionalWorld(clock, { ack: 1, end: 1 }, source)
    const { sink, letterSink: letters } = world
    return { world, sides: quietSides(clock, { source, sink, letters, transactions: world, protocol: 'one-to-one' }) }
  }
  const [old, next] = [new MemorySource(values, 3), new MemorySource(values, 3)]
  const parts = quietParts(clock, new EventRing(clock), { transactionLimitMs: 20_000 })
  const proxy = new StreamProxy(parts, sidesOf(old).sides)
  t.after(() => proxy.close())
  const child = new TalkingChild(1)
  child.onLine = (line) => child.print(line)
  proxy.opened(child)
  void proxy.drain(0)
  await old.start(proxy.consumer)
  await clock.advance(100)
  assert.deepEqual(child.lines, [], 'nothing is fed during a drain')
  const { world, sides } = sidesOf(next)
  proxy.use(sides)
  proxy.resume()
  await next.start(proxy.consumer)
  await clock.advance(1000)
  assert.deepEqual([world.committed, world.letters, next.committed], [['a', 'c'], [REFUSED], 3])
  assert.equal(proxy.snapshot().bufferedBytes, 0)
})
