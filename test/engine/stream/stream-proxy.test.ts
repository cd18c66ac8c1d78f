import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Protocol } from '../../../src/domain/stream/settings.ts'
import { EventRing } from '../../../src/engine/event-ring.ts'
import type { DeadLetterSink } from '../../../src/engine/ports.ts'
import { StreamProxy } from '../../../src/engine/stream/stream-proxy.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { Incarnations } from '../../support/incarnations.ts'
import { quietParts, quietSides } from '../../support/quiet-stream.ts'
import { MemoryCalculator, MemorySink, MemorySource } from '../../support/stream-world.ts'

const noLetters: DeadLetterSink = {
  write: () => Promise.reject(new Error('nothing is expected here')),
  health: () => ({ lastAckAt: null, error: null }),
  close: () => Promise.resolve(),
}

interface Script {
  readonly protocol: Protocol
  readonly values: readonly (string | null)[]
  readonly atOnce: number
  readonly work: number
  readonly ack: number
  /** Waits, in ms, between the deaths of incarnations. */
  readonly deaths: readonly number[]
  /** After so many of them the agent begins to leave; null: it stays until everything is committed. */
  readonly leaveAfter?: number | null
}

/** The whole life of a stream; `look` is called after every ms that passed. */
async function live(script: Script, answer: (line: string) => string, look: (world: World) => void): Promise<World> {
  const clock = new FakeClock()
  const source = new MemorySource(script.values, script.atOnce)
  const sink = new MemorySink(clock, script.ack)
  const events = new EventRing(clock)
  const born: MemoryCalculator[] = []
  const calculators = new Incarnations((pid, died) => {
    const child = new MemoryCalculator(pid, clock, script.work, answer, died)
    born.push(child)
    return child
  })
  const proxy = new StreamProxy(
    quietParts(clock, events, {
      bufferBytes: 200,
      activity: () => calculators.activity(),
      broken: () => calculators.kill(),
    }),
    quietSides(clock, { source, sink, letters: noLetters, protocol: script.protocol }),
  )
  const world: World = { clock, source, sink, events, proxy }
  const pass = async (ms: number): Promise<void> => {
    for (let i = 0; i < ms; i++) {
      await clock.advance(1)
      look(world)
    }
  }
  calculators.begin(proxy)
  await source.start(proxy.consumer)
  const leaveAfter = script.leaveAfter ?? null
  for (const [index, wait] of script.deaths.entries()) {
    if (index === leaveAfter) void proxy.drain(300)
    await pass(wait)
    calculators.kill()
  }
  if (leaveAfter !== null) {
    await pass(300)
    for (const child of born) proxy.endInput(child)
    await pass(200)
  }
  for (let i = 0; leaveAfter === null && i < 60 && source.committed < script.values.length; i++) {
    await pass(200)
  }
  proxy.close()
  return world
}

interface World {
  readonly clock: FakeClock
  readonly source: MemorySource
  readonly sink: MemorySink
  readonly events: EventRing
  readonly proxy: StreamProxy
}

const scripts = (protocol: Protocol): fc.Arbitrary<Script> =>
  fc.record({
    protocol: fc.constant(protocol),
    values: fc
      .array(fc.option(fc.nat(9), { freq: 8 }), { minLength: 1, maxLength: 25 })
      .map((list) => list.map((size, i) => (size === null ? null : `${i}:${'x'.repeat(size * 3)}`))),
    atOnce: fc.integer({ min: 1, max: 7 }),
    work: fc.integer({ min: 0, max: 40 }),
    ack: fc.integer({ min: 0, max: 60 }),
    deaths: fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 5 }),
  })

const echo = (line: string): string => `${line}\n`

const keyedAnswer = (line: string): string => {
  const { id, data } = JSON.parse(line) as { id: string; data: string }
  // Two answers: the first says that it is not the last.
  return `${JSON.stringify({ id, data, last: false })}\n{"id":"${id}"}\n`
}

const honest = {
  relay: echo,
  'one-to-one': echo,
  many: (line: string): string => `${line}\n\n`,
  keyed: keyedAnswer,
  batch: echo,
} as const

/** What is committed is stored. */
const holds =
  ({ values }: Script) =>
  ({ source, sink }: World): void => {
    for (let offset = 0; offset < source.committed; offset++) {
      const value = values[offset]
      if (value != null) assert.ok(sink.stored.includes(value), `offset ${offset} is committed, not stored`)
    }
  }

for (const protocol of ['relay', 'one-to-one', 'many', 'keyed', 'batch'] as const) {
  test(`${protocol}: whenever the Calculator dies, a commit never passes an answer that is not stored`, async () => {
    await fc.assert(
      fc.asyncProperty(scripts(protocol), async (script) => {
        const world = await live(script, honest[protocol], holds(script))
        assert.equal(world.source.committed, script.values.length, 'everything is committed in the end')
        assert.deepEqual(
          [...world.source.commits].sort((a, b) => a - b),
          world.source.commits,
          'commits never go back',
        )
      }),
      { numRuns: 60 },
    )
  })

  test(`${protocol}: nor when it dies while the agent leaves, and another one comes that knows of nothing`, async () => {
    const leaving = fc
      .tuple(scripts(protocol), fc.array(fc.nat(120), { minLength: 1, maxLength: 4 }), fc.nat(3))
      .map(([script, deaths, after]): Script => ({ ...script, deaths, leaveAfter: after % deaths.length }))
    await fc.assert(
      fc.asyncProperty(leaving, async (script) => {
        await live(script, honest[protocol], holds(script))
      }),
      { numRuns: 40 },
    )
  })
}

const calm = (protocol: Protocol, values: readonly string[]): Script => ({
  protocol,
  values,
  atOnce: 3,
  work: 5,
  ack: 5,
  deaths: [],
})

test('without faults nothing is stored twice and the order is kept', async () => {
  const values = Array.from({ length: 40 }, (_, i) => String(i))
  for (const protocol of ['relay', 'one-to-one'] as const) {
    const { sink, proxy } = await live(calm(protocol, values), echo, () => undefined)
    assert.deepEqual(sink.stored, values)
    assert.equal(proxy.snapshot().bufferedBytes, 0)
  }
})

test('relay commits for a Calculator that answers some records with none and some with several lines', async () => {
  const values = Array.from({ length: 20 }, (_, i) => String(i))
  const fan = (line: string): string => (Number(line) % 3 === 0 ? '' : `${line}a\n${line}b\n`)
  const { sink, source } = await live(calm('relay', values), fan, () => undefined)
  assert.equal(source.committed, 20)
  assert.equal(sink.stored.length, 2 * values.filter((value) => Number(value) % 3 !== 0).length)
})

test('one-to-one: a line that answers no record stops the stream after the third time, with the cure', async () => {
  const values = Array.from({ length: 1000 }, (_, i) => String(i))
  const { events, proxy, source } = await live(
    calm('one-to-one', values),
    (line) => `${line}\n${'more\n'.repeat(50)}`,
    () => undefined,
  )
  const violations = events.since(0).filter(({ event }) => event === 'stream.violation')
  assert.equal(violations.length, 3)
  assert.match(violations[0]?.message ?? '', /PROTOCOL=relay/)
  assert.equal(proxy.snapshot().phase, 'stopped')
  assert.ok(source.committed < values.length)
})

test('relay: part of a line kept back while it waits for input is block buffering: nothing is committed', async () => {
  let held = ''
  const blocks = (line: string): string => {
    held += `${line}\n`
    const chunk = held.length >= 8 ? held.slice(0, 8) : ''
    held = held.slice(chunk.length)
    return chunk
  }
  const values = ['first', 'second', 'third', 'fourth']
  const { events, source, proxy } = await live(calm('relay', values), blocks, () => undefined)
  assert.equal(events.since(0).filter(({ event }) => event === 'stream.block-buffered').length, 1)
  assert.ok(proxy.snapshot().blockBuffered)
  assert.equal(source.committed, 0)
})

test('relay: a stop that falls into a revocation ends with it, at one checkpoint', async () => {
  const clock = new FakeClock()
  const values = Array.from({ length: 10 }, (_, i) => `${i}`)
  const source = new MemorySource(values, 10)
  const calculators = new Incarnations((pid, died) => new MemoryCalculator(pid, clock, 1, (line) => `${line}\n`, died))
  const proxy = new StreamProxy(
    quietParts(clock, new EventRing(clock), {
      ...{ checkpointIntervalMs: 60_000, adoptionGraceMs: 3000 },
      activity: () => calculators.activity(),
    }),
    quietSides(clock, { source, sink: new MemorySink(clock, 1), letters: noLetters, protocol: 'relay' }),
  )
  calculators.begin(proxy)
  await source.start(proxy.consumer)
  await clock.advance(5)
  let [revoked, drained] = [false, false]
  void proxy.consumer.revoked([source.at]).then(() => (revoked = true))
  void proxy.drain(3000).then((isAll) => (drained = isAll))
  await clock.advance(500)
  assert.deepEqual([revoked, drained, source.committed], [true, true, 10])
  proxy.close()
})

test('relay: a drain that has nothing left to wait for watches the Calculator no longer', async () => {
  const clock = new FakeClock()
  const source = new MemorySource(['0'], 1)
  const calculators = new Incarnations((pid, died) => new MemoryCalculator(pid, clock, 60_000, (line) => line, died))
  let looks = 0
  const proxy = new StreamProxy(
    quietParts(clock, new EventRing(clock), {
      ...{ checkpointIntervalMs: 60_000, adoptionGraceMs: 3000 },
      activity: () => {
        looks++
        return calculators.activity()
      },
    }),
    quietSides(clock, { source, sink: new MemorySink(clock, 1), letters: noLetters, protocol: 'relay' }),
  )
  calculators.begin(proxy)
  await source.start(proxy.consumer)
  await clock.advance(5)
  const gone = new AbortController()
  void proxy.consumer.revoked([source.at], gone.signal)
  let drained = false
  void proxy.drain(3000).then(() => (drained = true))
  await clock.advance(100)
  gone.abort()
  await clock.advance(0)
  assert.ok(drained, 'its only partition is gone')
  await clock.advance(250)
  looks = 0
  await clock.advance(2500)
  assert.equal(looks, 0)
  proxy.close()
})

test('relay: a bug met over a dead Calculator commits nothing that it left', async () => {
  const clock = new FakeClock()
  const source = new MemorySource(['a', 'b'], 2)
  const sink = new MemorySink(clock, 1)
  const failures: unknown[] = []
  const calculators = new Incarnations((pid, died) => new MemoryCalculator(pid, clock, 50, echo, died))
  const proxy = new StreamProxy(
    quietParts(clock, new EventRing(clock), {
      activity: () => calculators.activity(),
      crashed: () => {
        throw new Error('a bug')
      },
      failed: (error) => failures.push(error),
    }),
    quietSides(clock, { source, sink, letters: noLetters, protocol: 'relay' }),
  )
  calculators.begin(proxy)
  await source.start(proxy.consumer)
  await clock.advance(10)
  calculators.kill()
  await clock.advance(3000)
  assert.deepEqual([failures.map(String), sink.stored, source.committed], [['Error: a bug'], ['a', 'b'], 2])
  proxy.close()
})
