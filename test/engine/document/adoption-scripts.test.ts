// Documents, orders of operators, deaths and refused signals in any order: no second Calculator beside the first, no fault
// of the agent, and in the end the last good document.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { leaveStreams } from '../../../src/agent/leaving.ts'
import { AgentError } from '../../../src/domain/errors.ts'
import { Adoption } from '../../../src/engine/document/adoption.ts'
import { DocumentControl } from '../../../src/engine/document/document-control.ts'
import { StreamProxy } from '../../../src/engine/stream/stream-proxy.ts'
import { calculator } from '../../domain/process/world.ts'
import { plainSettings } from '../../support/plain-settings.ts'
import { quietParts, quietSides } from '../../support/quiet-stream.ts'
import { MemoryLetters, MemorySink, MemorySource } from '../../support/stream-world.ts'
import { engine } from '../supervision/supervisor-engine.ts'

/** What the Calculator of a document does: `broken` dies at once, `deaf` ends of SIGKILL alone. */
type Kind = 'good' | 'other' | 'broken' | 'deaf'
type Deed =
  | { readonly kind: Kind; readonly workers: number; readonly topic: string }
  | { readonly order: 'start' | 'stop' | 'restart' }
  | { readonly exit: number }
  | { readonly signals: 'sent' | 'refused' }
  | { readonly wait: number }
  | { readonly news: 'missing' | 'unreachable' }

const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom<Kind>('good', 'other', 'broken', 'deaf'),
      workers: fc.integer({ min: 1, max: 3 }),
      topic: fc.constantFrom('a', 'b'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ order: fc.constantFrom('start' as const, 'stop' as const, 'restart' as const) }),
  },
  fc.record({ exit: fc.nat(1) }),
  fc.record({ signals: fc.constantFrom('sent' as const, 'refused' as const) }),
  { weight: 4, arbitrary: fc.record({ wait: fc.constantFrom(10, 50, 200, 400, 1200) }) },
  fc.record({ news: fc.constantFrom('missing' as const, 'unreachable' as const) }),
)

function world() {
  const { clock, events, supervisor, spawner } = engine()
  const failures: unknown[] = []
  const failed = (error: unknown): void => void failures.push(error)
  const adoption = new Adoption({
    ...{ clock, events, supervisor, adoptionGraceMs: 300, replayable: true, dealing: 'partition', failed },
    program: ({ args, workers }, worker) =>
      calculator({
        name: workers === 1 ? 'calculator' : `calculator_0${worker}`,
        group: 'calculator',
        command: ['run', ...args],
        stop: (['eof', 'SIGTERM', 'SIGKILL'] as const).map((action) => ({ action, wait: 300 })),
      }),
    proxy: (sides) => new StreamProxy(quietParts(clock, events), sides),
    sides: (_settings, old, changed) => {
      if (old !== null && !changed.has('consumer')) return old
      const [source, sink, letters] = [new MemorySource([], 1), new MemorySink(clock, 1), new MemoryLetters()]
      return quietSides(clock, { source, sink, letters, protocol: 'one-to-one' })
    },
  })
  const documents = new DocumentControl({
    ...{
      clock,
      events,
      adoption,
      key: 'dir/node',
      base: { ...plainSettings, protocol: 'one-to-one' as const },
      failed,
    },
    ...{ allow: new Set(['streams', 'calculator'] as const), obstacle: () => null, lastGood: null, waitMs: null },
    proven: () => undefined,
  })
  let modifyIndex = 0
  const publish = (kind: Kind, workers: number, topic: string): void => {
    const text = JSON.stringify({ input: { topics: [topic] }, calculator: { args: [kind], workers } })
    documents.news({ kind: 'document', text, modifyIndex: ++modifyIndex })
  }
  const stateOf = (name: string) => supervisor.snapshots().find((each) => each.name === name)?.state
  /** Children do what they do, and laws hold. */
  const look = (): void => {
    for (const child of spawner.living) {
      const signals = spawner.kills.flatMap(({ pid, signal }) => (pid === child.pid ? [signal] : []))
      const isDeaf = child.spec.command.includes('deaf')
      if (child.spec.command.includes('broken')) child.exit(1)
      else if (signals.includes('SIGKILL')) child.dieOf('SIGKILL')
      else if (!isDeaf && child.inputEnded) child.exit(0)
    }
    const names = spawner.living.map(({ spec }) => spec.name)
    assert.equal(new Set(names).size, names.length, `two of one: ${names.join()}`)
    for (const error of failures)
      assert.ok(error instanceof AgentError && error.code === 'SHUTDOWN_STATE', String(error))
  }
  const pass = async (ms: number): Promise<void> => {
    for (const end = clock.now() + ms; clock.now() < end;) {
      await clock.advance(10)
      look()
    }
  }
  /** By an operator, and for as long as he likes: documents that leave the Calculator alone do not start it. */
  const stopped = new Set<string>()
  const order = async (what: 'start' | 'stop' | 'restart'): Promise<void> => {
    const [name = 'calculator'] = adoption.namespecs
    try {
      if (what !== 'start') await supervisor.stop(name)
      if (what === 'stop') stopped.add(name)
      if (what !== 'stop') supervisor.start(name)
    } catch (error) {
      assert.ok(error instanceof AgentError, String(error))
    }
  }
  const play = async (script: readonly Deed[]): Promise<void> => {
    for (const deed of script) {
      if ('kind' in deed) publish(deed.kind, deed.workers, deed.topic)
      else if ('order' in deed) void order(deed.order)
      else if ('exit' in deed) spawner.living[0]?.exit(deed.exit)
      else if ('signals' in deed) spawner.killFailure = deed.signals === 'sent' ? null : 'not permitted'
      else if ('wait' in deed) await pass(deed.wait)
      else documents.news(deed.news === 'missing' ? { kind: 'missing' } : { kind: 'unreachable', reason: 'away' })
    }
    spawner.killFailure = null
  }
  /** Whoever nobody could signal ends by himself. */
  const endLost = (): void => {
    for (const child of spawner.living) if (stateOf(child.spec.name) === 'UNKNOWN') child.exit(0)
  }
  const startStopped = (): void => {
    for (const name of stopped) if (stateOf(name.replace(/.*:/, '')) === 'STOPPED') supervisor.start(name)
  }
  const deeds = { publish, pass, play, endLost, startStopped }
  return { clock, supervisor, spawner, adoption, documents, failures, failed, ...deeds }
}

test('whatever happens on the way, the last good document is in force in the end', async () => {
  const property = fc.asyncProperty(fc.array(deed, { maxLength: 20 }), async (script) => {
    const { spawner, adoption, documents, publish, pass, play, endLost, startStopped } = world()
    await play(script)
    publish('good', 2, 'z')
    for (let tries = 0; tries < 10; tries++) {
      await pass(600)
      endLost()
    }
    startStopped()
    await pass(600)
    assert.ok(!adoption.adopting)
    assert.equal(documents.snapshot().state, 'in-force')
    const running = spawner.living.map(({ spec: { name, command } }) => [name, ...command].join(' '))
    assert.deepEqual(running.sort(), ['calculator_00 run good', 'calculator_01 run good'])
  })
  await fc.assert(property, { numRuns: 40 })
})

test('whenever the agent leaves, it leaves in time, and nothing is started afterwards', async () => {
  const property = fc.asyncProperty(fc.array(deed, { maxLength: 20 }), async (script) => {
    const { clock, supervisor, spawner, adoption, failed, pass, play } = world()
    await play(script)
    const began = clock.now()
    const left = { is: false }
    void leaveStreams({
      ...{ clock, adoption, adoptionGraceMs: 300, failed },
      stop: () => supervisor.stopAll(),
      hurry: new Promise(() => undefined),
      deregister: () => Promise.resolve(),
    }).then(() => (left.is = true))
    while (!left.is && clock.now() - began < 5000) await pass(10)
    assert.ok(left.is)
    // The drain, the three steps of a stop, and the goodbye.
    assert.ok(clock.now() - began <= 300 + 900 + 900 + 50, `${clock.now() - began} ms`)
    const { length } = spawner.children
    await pass(2000)
    assert.equal(spawner.children.length, length)
  })
  await fc.assert(property, { numRuns: 40 })
})
