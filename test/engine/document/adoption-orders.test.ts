// A run document that falls together with the orders of an operator, or with the end of the agent.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Adoption } from '../../../src/engine/document/adoption.ts'
import { DocumentControl } from '../../../src/engine/document/document-control.ts'
import { StreamProxy } from '../../../src/engine/stream/stream-proxy.ts'
import { calculator } from '../../domain/process/world.ts'
import { plainSettings } from '../../support/plain-settings.ts'
import { quietParts, quietSides } from '../../support/quiet-stream.ts'
import { MemoryLetters, MemorySink, MemorySource } from '../../support/stream-world.ts'
import { code, engine } from '../supervision/supervisor-engine.ts'

/** A Calculator that runs with document 1; its source takes as long to close as the test lets it. */
async function world() {
  const { clock, events, supervisor, spawner } = engine()
  const closing = Promise.withResolvers<undefined>()
  const failures: unknown[] = []
  const kept: number[] = []
  const adoption = new Adoption({
    ...{ clock, events, supervisor, adoptionGraceMs: 1000, replayable: true, dealing: 'partition' },
    failed: (error) => failures.push(error),
    program: ({ args }) => calculator({ command: ['cat', ...args] }),
    proxy: (sides) => new StreamProxy(quietParts(clock, events), sides),
    sides: (_settings, old, changed) => {
      if (old !== null && !changed.has('consumer')) return old
      const source = new MemorySource([], 1)
      source.close = () => closing.promise
      const letters = new MemoryLetters()
      return quietSides(clock, { source, letters, sink: new MemorySink(clock, 1), protocol: 'one-to-one' })
    },
  })
  const documents = new DocumentControl({
    ...{ clock, events, adoption, key: 'dir/node', base: { ...plainSettings, protocol: 'one-to-one' as const } },
    allow: new Set(['streams', 'calculator']),
    obstacle: () => null,
    lastGood: { read: () => null, write: ({ modifyIndex }) => void kept.push(modifyIndex) },
    waitMs: null,
    proven: () => undefined,
    failed: (error) => failures.push(error),
  })
  const passes = async (what: string, fits: () => boolean): Promise<void> => {
    for (let tries = 0; tries < 500 && !fits(); tries++) await clock.advance(10)
    assert.ok(fits(), what)
  }
  const state = (): string | undefined => supervisor.snapshot('score')?.state
  /** Runs with these arguments. */
  const runs = (...args: readonly string[]): Promise<void> =>
    passes(
      `it runs with ${args.join()}`,
      () => state() === 'RUNNING' && spawner.last.spec.command.join() === ['cat', ...args].join(),
    )
  const publish = async (modifyIndex: number, topic: string, ...args: readonly string[]): Promise<void> => {
    const text = JSON.stringify({ input: { topics: [topic] }, calculator: { args } })
    documents.news({ kind: 'document', text, modifyIndex })
    await clock.advance(10)
  }
  await publish(1, 'a')
  await runs()
  return { clock, events, supervisor, spawner, adoption, failures, kept, closing, publish, passes, state, runs }
}

test('who starts the Calculator while a document exchanges the streams is told that it is being changed', async () => {
  const { supervisor, spawner, failures, closing, publish, passes, state, runs } = await world()
  await publish(2, 'b', 'new')
  spawner.last.exit(0)
  await passes('it is down', () => state() === 'STOPPED')
  assert.throws(() => supervisor.start('score'), code('ABNORMAL_TERMINATION'))
  closing.resolve(undefined)
  await runs('new')
  assert.deepEqual(failures, [])
})

test('a restart by an operator that waits for the same stop as a document does not overtake it', async () => {
  const { supervisor, spawner, failures, publish, state, runs } = await world()
  const restarted = assert.rejects(
    supervisor.stop('score').then(() => supervisor.start('score')),
    code('ABNORMAL_TERMINATION'),
  )
  await publish(2, 'a', 'new')
  assert.equal(state(), 'STOPPING')
  spawner.last.exit(0)
  await restarted
  await runs('new')
  assert.deepEqual(failures, [])
})

test('a change waits for the end of a Calculator that nobody may signal, and no second one runs beside it', async () => {
  const { clock, supervisor, spawner, adoption, failures, publish, state, runs } = await world()
  spawner.killFailure = 'not permitted'
  await publish(2, 'a', 'new')
  await clock.advance(30_000)
  assert.equal(state(), 'UNKNOWN')
  assert.ok(adoption.adopting)
  assert.equal(spawner.children.length, 1)
  assert.throws(() => supervisor.start('score'), code('ABNORMAL_TERMINATION'))
  spawner.killFailure = null
  spawner.last.exit(0)
  await runs('new')
  assert.deepEqual(failures, [])
})

test('after the change the operator commands it again', async () => {
  const { supervisor, spawner, publish, runs } = await world()
  await publish(2, 'a', 'new')
  spawner.last.exit(0)
  await runs('new')
  const stopped = supervisor.stop('score')
  spawner.last.exit(0)
  await stopped
  supervisor.start('score')
  await runs('new')
})

test('a document whose Calculator has failed, and not yet for good, is not the last good one at the end', async () => {
  const { clock, events, supervisor, spawner, adoption, failures, kept, publish, passes } = await world()
  await publish(2, 'a', 'broken')
  spawner.last.exit(0)
  await passes('it is started anew', () => spawner.children.length === 2)
  spawner.last.exit(1)
  await clock.advance(10)
  assert.equal(supervisor.snapshot('score')?.retries, 1)
  events.publish('agent.draining', 'info', 'leaving')
  await adoption.close()
  await clock.advance(10)
  assert.deepEqual(kept, [1])
  assert.deepEqual(
    failures.map((error) => code('SHUTDOWN_STATE')(error)),
    [true],
  )
})

test('a document that the end of the agent overtakes is not kept', async () => {
  const { adoption, failures, kept, publish } = await world()
  await adoption.close()
  await publish(2, 'b')
  assert.deepEqual(kept, [1])
  assert.deepEqual(
    failures.map((error) => code('SHUTDOWN_STATE')(error)),
    [true],
  )
})
