// Records that kill every Calculator, among others that do not, under agents that come and go.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Protocol } from '../../../src/domain/stream/settings.ts'
import { EventRing } from '../../../src/engine/event-ring.ts'
import type { RecordSource } from '../../../src/engine/ports.ts'
import { StreamProxy } from '../../../src/engine/stream/stream-proxy.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { Incarnations } from '../../support/incarnations.ts'
import { quietParts, quietSides } from '../../support/quiet-stream.ts'
import { MemoryCalculator, MemoryLetters, MemorySink, MemorySource } from '../../support/stream-world.ts'

interface Script {
  readonly protocol: Protocol
  readonly count: number
  readonly poison: ReadonlySet<number>
  readonly attempts: number
  readonly work: number
  /** Waits, in ms, before somebody kills the Calculator from outside. */
  readonly kills: readonly number[]
  /** Waits, in ms, before the agent is killed, and another takes over. */
  readonly agents: readonly number[]
}

interface World {
  readonly source: MemorySource
  readonly sink: MemorySink
  readonly letters: MemoryLetters
  readonly deaths: number
  readonly events: EventRing
}

const echo = (line: string): string => `${line}\n`

/** What an honest Calculator says to a line. */
const answers: Readonly<Record<Protocol, (line: string) => string>> = {
  relay: echo,
  'one-to-one': echo,
  many: (line) => `${line}\n\n`,
  keyed: (line) => {
    const { id, data } = JSON.parse(line) as { id: string; data: string }
    return `${JSON.stringify({ id, data })}\n`
  },
  sink: echo,
  source: echo,
  batch: echo,
}

async function live(script: Script): Promise<World> {
  const clock = new FakeClock()
  const events = new EventRing(clock)
  const values = Array.from({ length: script.count }, (_, i) => `v${i}`)
  const source = new MemorySource(values, 4)
  const sink = new MemorySink(clock, 3)
  const letters = new MemoryLetters()
  let deaths = 0
  const agent = () => {
    let isOver = false
    // What a dead agent still has in mind must not reach the world.
    const mine: RecordSource = {
      start: (consumer) => source.start(consumer),
      pause: () => source.pause(),
      resume: () => source.resume(),
      rewind: (at, offset, epoch) => {
        if (!isOver) source.rewind(at, offset, epoch)
      },
      commit: (positions) => (isOver ? Promise.resolve() : source.commit(positions)),
      health: () => source.health(),
      close: () => source.close(),
    }
    const answer = (line: string): string | null =>
      script.poison.has(Number(/v(\d+)/.exec(line)?.[1])) ? null : answers[script.protocol](line)
    const calculators = new Incarnations((pid, died) => {
      return new MemoryCalculator(pid, clock, script.work, answer, (code) => {
        if (code !== 0) deaths++
        died(code)
      })
    })
    const proxy = new StreamProxy(
      quietParts(clock, events, {
        activity: () => calculators.activity(),
        attempts: () => script.attempts,
        stderrTail: () => ['boom'],
      }),
      quietSides(clock, { source: mine, sink, letters, protocol: script.protocol }),
    )
    const begin = (): Promise<void> => {
      calculators.begin(proxy)
      return source.start(proxy.consumer)
    }
    const end = (): void => {
      isOver = true
      calculators.end()
      proxy.close()
    }
    return { begin, kill: () => calculators.kill(), end }
  }
  let now = agent()
  await now.begin()
  const acts = [
    ...script.kills.map((wait) => ({ wait, act: () => now.kill() })),
    ...script.agents.map((wait) => ({
      wait,
      act: () => {
        now.end()
        now = agent()
        void now.begin()
      },
    })),
  ]
  for (const { wait, act } of acts) {
    await clock.advance(wait)
    act()
  }
  for (let i = 0; i < 200 && source.committed < script.count; i++) await clock.advance(300)
  now.end()
  return { source, sink, letters, deaths, events }
}

const scripts = (protocol: Protocol): fc.Arbitrary<Script> =>
  fc
    .record({
      protocol: fc.constant(protocol),
      count: fc.integer({ min: 1, max: 25 }),
      poisons: fc.array(fc.nat(24), { maxLength: 3 }),
      attempts: fc.integer({ min: 1, max: 3 }),
      work: fc.integer({ min: 0, max: 10 }),
      kills: fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 3 }),
      agents: fc.array(fc.integer({ min: 0, max: 200 }), { maxLength: 2 }),
    })
    .map(({ poisons, ...rest }) => ({ ...rest, poison: new Set(poisons.filter((at) => at < rest.count)) }))

for (const protocol of ['relay', 'one-to-one', 'many', 'keyed', 'batch'] as const) {
  test(`${protocol}: what kills becomes a dead letter, all else is stored, and nobody else is blamed`, async () => {
    await fc.assert(
      fc.asyncProperty(scripts(protocol), async (script) => {
        const { source, sink, letters } = await live(script)
        assert.equal(source.committed, script.count, 'everything is committed in the end')
        const dead = new Set(letters.stored.map(({ value }) => Number(Buffer.from(value).toString().slice(1))))
        assert.deepEqual(
          [...dead].sort((a, b) => a - b),
          [...script.poison].sort((a, b) => a - b),
        )
        for (let i = 0; i < script.count; i++) {
          assert.equal(sink.stored.includes(`v${i}`), !script.poison.has(i), `v${i}`)
        }
      }),
      { numRuns: 60 },
    )
  })

  test(`${protocol}: a poison record is found within the deaths that are promised, with the facts of the last one`, async () => {
    const count = 100
    const base = { protocol, count, poison: new Set([61]), attempts: 3, work: 1, kills: [], agents: [] }
    const { deaths, letters, sink } = await live(base)
    const isStepwise = protocol !== 'relay' && protocol !== 'batch'
    assert.ok(deaths <= 3 + (isStepwise ? 1 : Math.ceil(Math.log2(count))), `${deaths} deaths`)
    assert.equal(letters.stored.length, 1)
    const [letter] = letters.stored
    assert.equal(Buffer.from(letter?.value ?? []).toString(), 'v61')
    assert.equal(letter?.reason, 'crash')
    assert.deepEqual(
      { ...letter.facts },
      { topic: 'in', partition: '0', offset: '61', timestamp: '0', attempts: '3', 'exit-code': '3', stderr: 'boom' },
    )
    assert.equal(new Set(sink.stored).size, count - 1)
  })
}

test('the count survives the agent: the next one goes on with it', async () => {
  const base = { protocol: 'one-to-one', count: 1, poison: new Set([0]), attempts: 3, work: 50, kills: [] } as const
  const alone = await live({ ...base, agents: [] })
  assert.equal(alone.deaths, 3)
  // Two deaths, at 50 and 100 ms; the third try is cut short by the end of the agent, and is its last all the same.
  const { deaths, letters } = await live({ ...base, agents: [130] })
  assert.equal(letters.stored.length, 1)
  assert.ok(deaths <= 3, `${deaths} deaths`)
})

test('a suspect is tried again whatever lies before it: records of its partition, and offsets that hold nothing', async () => {
  const clock = new FakeClock()
  const values = ['a', 'b', null, 'suspect', 'c']
  for (const first of [0, 2]) {
    const source = new MemorySource(values.slice(first), 1)
    source.metadata = JSON.stringify({ v: 1, o: 3 - first, a: 1 })
    const sink = new MemorySink(clock, 1)
    const child = new MemoryCalculator(1, clock, 1, echo)
    const proxy = new StreamProxy(
      quietParts(clock, new EventRing(clock)),
      quietSides(clock, { source, sink, letters: new MemoryLetters(), protocol: 'one-to-one' }),
    )
    await source.start(proxy.consumer)
    // Everything is fetched by now, and goes out as soon as somebody is there.
    await clock.advance(10)
    proxy.opened(child)
    await clock.advance(5000)
    assert.deepEqual(
      sink.stored,
      values.slice(first).filter((value) => value !== null),
    )
    assert.equal(source.committed, values.length - first)
    proxy.close()
  }
})
