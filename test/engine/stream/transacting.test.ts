// Exactly-once in memory: whatever dies, is refused, or changes hands, at each instant what is committed is exactly what
// the records below the committed position have as answers.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Protocol } from '../../../src/domain/stream/settings.ts'
import { EventRing } from '../../../src/engine/event-ring.ts'
import type { Activity } from '../../../src/engine/ports.ts'
import { StreamProxy } from '../../../src/engine/stream/stream-proxy.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { Incarnations } from '../../support/incarnations.ts'
import { quietParts, quietSides } from '../../support/quiet-stream.ts'
import { MemoryCalculator, MemorySource } from '../../support/stream-world.ts'
import { TransactionalWorld } from '../../support/transactional-world.ts'

type Fault = 'kill' | 'kill-and-give-up' | 'void' | 'change-hands' | 'begin-anew' | 'drain' | 'other-input'

interface Script {
  readonly protocol: Protocol
  readonly values: readonly (string | null)[]
  readonly atOnce: number
  readonly work: number
  readonly ack: number
  readonly end: number
  readonly refused: readonly number[]
  readonly faults: readonly { readonly after: number; readonly what: Fault }[]
  readonly parked?: Activity['parked']
}

interface Stream {
  readonly source: MemorySource
  readonly world: TransactionalWorld
  readonly proxy: StreamProxy
  readonly events: EventRing
}

/** What one incarnation answers to each line. */
type Answers = () => (line: string) => string

const LIMIT = 3_000

async function live(script: Script, answers: Answers, look: (stream: Stream) => void): Promise<Stream> {
  const clock = new FakeClock()
  let source = new MemorySource(script.values, script.atOnce)
  const world = new TransactionalWorld(clock, script, source)
  world.refused = new Set(script.refused)
  const events = new EventRing(clock)
  const lastFirst = script.protocol === 'keyed'
  const calculators = new Incarnations(
    (pid, died) => new MemoryCalculator(pid, clock, script.work, answers(), died, lastFirst),
  )
  let sides = quietSides(clock, {
    ...{ source, sink: world.sink, letters: world.letterSink, transactions: world },
    protocol: script.protocol,
  })
  let isDraining = false
  const proxy = new StreamProxy(
    quietParts(clock, events, {
      ...{ bufferBytes: 400, adoptionGraceMs: 150, transactionLimitMs: LIMIT },
      activity: () => (script.parked ? { cpu: null, parked: script.parked } : calculators.activity()),
      broken: () => calculators.kill(),
    }),
    sides,
  )
  const faults: Record<Fault, () => unknown> = {
    kill: () => calculators.kill(),
    // As a change of the document does while the broker is away.
    'kill-and-give-up': () => {
      calculators.kill()
      proxy.abandonOutput()
    },
    void: () => world.listener?.voided('the broker said so'),
    'change-hands': () => source.changeHands(),
    'begin-anew': () => source.beginAnew(),
    drain: async () => {
      if (isDraining) return
      isDraining = true
      await proxy.drain(100)
      proxy.resume()
      isDraining = false
    },
    // As a change of the document does that names other topics, and this one again.
    'other-input': async () => {
      if (isDraining) return
      isDraining = true
      if (!(await proxy.drain(100, true))) calculators.kill()
      const patience = clock.arm(50, () => proxy.abandonOutput())
      await proxy.finished
      patience.cancel()
      const [old, next] = [source, new MemorySource(script.values, script.atOnce)]
      world.follow(next)
      proxy.use((sides = { ...sides, source: next }))
      await old.close()
      proxy.resume()
      // Who asks where to begin waits until it is known.
      await old.open
      const { committed, commits, metadata } = old
      source = Object.assign(next, { committed, commits, metadata })
      await source.start(proxy.consumer)
      isDraining = false
    },
  }
  const stream: Stream = {
    ...{ world, proxy, events },
    get source() {
      return source
    },
  }
  const pass = async (ms: number): Promise<void> => {
    for (let i = 0; i < ms; i++) {
      await clock.advance(1)
      look(stream)
    }
  }
  calculators.begin(proxy)
  await source.start(proxy.consumer)
  for (const { after, what } of script.faults) {
    await pass(after)
    void faults[what]()
  }
  for (let i = 0; i < 60 && source.committed < script.values.length; i++) await pass(300)
  proxy.close()
  return stream
}

const echo: Answers = () => (line) => `${line}\n`
/** None, one or three lines, as the value says. */
const fan = (line: string): string =>
  /^\d*[05]:/.test(line) ? '' : /^\d*[27]:/.test(line) ? `${line}\n`.repeat(3) : `${line}\n`
const fanned: Answers = () => fan
const marked: Answers = () => (line) => `${fan(line)}\n`
const named: Answers = () => (line) => {
  const { id, data } = JSON.parse(line) as { id: string; data: string }
  return `${JSON.stringify({ id, data })}\n`
}

const scripts = (protocol: Protocol): fc.Arbitrary<Script> =>
  fc.record({
    protocol: fc.constant(protocol),
    values: fc
      .array(fc.option(fc.nat(9), { freq: 8 }), { minLength: 1, maxLength: 25 })
      .map((list) => [...list.map((size, i) => (size === null ? null : valueOf(i, size))), 'end:1']),
    atOnce: fc.integer({ min: 1, max: 7 }),
    work: fc.integer({ min: 0, max: 30 }),
    ack: fc.integer({ min: 0, max: 60 }),
    end: fc.integer({ min: 0, max: 60 }),
    refused: fc.array(fc.nat(6), { maxLength: 3 }),
    faults: fc.array(
      fc.record({
        after: fc.integer({ min: 0, max: 300 }),
        what: fc.constantFrom<Fault>(
          ...(['kill', 'kill', 'kill-and-give-up', 'void'] as const),
          ...(['change-hands', 'begin-anew', 'drain', 'other-input'] as const),
        ),
      }),
      { maxLength: 5 },
    ),
  })

/** Every ninth is one that cannot be a line: its letter goes with the records around it. */
const valueOf = (index: number, size: number): string =>
  size === 9 ? `${index}:no\nline` : `${index}:${'x'.repeat(size * 3)}`

const isLetter = (value: string): boolean => value.includes('\n')

const counts = (values: readonly string[]): Map<string, number> =>
  new Map([...Map.groupBy(values, (value) => value)].map(([value, list]) => [value, list.length]))

const cases: readonly (readonly [Protocol, Answers, (value: string) => readonly string[]])[] = [
  ['one-to-one', echo, (value) => [value]],
  ['many', marked, (value) => linesOf(fan(value))],
  ['keyed', named, (value) => [value]],
  ['relay', fanned, (value) => linesOf(fan(value))],
]

for (const [protocol, answers, expected] of cases) {
  test(`${protocol}: at each instant the answers of the records below the position are committed, once`, async () => {
    await fc.assert(
      fc.asyncProperty(scripts(protocol), async (script) => {
        let seen = -1
        const { source } = await live(script, answers, ({ source, world }) => {
          if (source.committed + world.commits === seen) return
          seen = source.committed + world.commits
          const done = script.values.slice(0, source.committed).filter((value) => value !== null)
          const lines = done
            .filter((value) => protocol === 'keyed' || !isLetter(value))
            .flatMap((value) => expected(value))
          assert.deepEqual(counts(world.committed), counts(lines))
          assert.deepEqual(counts(world.letters), counts(protocol === 'keyed' ? [] : done.filter(isLetter)))
        })
        assert.equal(source.committed, script.values.length, 'everything is committed in the end')
      }),
      { numRuns: 60 },
    )
  })
}

const linesOf = (answer: string): string[] => answer.split('\n').slice(0, -1)

const calm = (protocol: Protocol, count: number): Script => ({
  protocol,
  values: Array.from({ length: count }, (_, i) => `${i}:`),
  ...{ atOnce: 5, work: 2, ack: 5, end: 5, refused: [], faults: [] },
})

test('without faults nothing is aborted, and a transaction holds many records', async () => {
  for (const [protocol, answers] of cases) {
    const { world, source } = await live(calm(protocol, 200), answers, () => undefined)
    assert.equal(source.committed, 200, protocol)
    assert.equal(world.aborts, 0, protocol)
    assert.ok(world.commits < 20, `${protocol}: ${world.commits} transactions`)
  }
})

test('relay: after three checkpoints that can only be assumed feeding stops, with the cure', async () => {
  const script: Script = { ...calm('relay', 20), parked: 'waiting' }
  const { world, source, proxy, events } = await live(script, echo, () => undefined)
  assert.deepEqual([source.committed, world.commits, world.committed], [0, 0, []])
  assert.equal(proxy.snapshot().phase, 'stopped')
  assert.match(proxy.snapshot().output.error ?? '', /PROTOCOL=one-to-one/)
  assert.equal(events.since(0).filter(({ event }) => event === 'stream.given-up').length, 1)
})
