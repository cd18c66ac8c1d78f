// A change of the settings that falls into the end of the agent, or among lines that nobody asked for.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AgentError } from '../../../src/domain/errors.ts'
import type { StreamSettings } from '../../../src/domain/stream/settings.ts'
import { Adoption, type AdoptionParts } from '../../../src/engine/document/adoption.ts'
import { EventRing } from '../../../src/engine/event-ring.ts'
import { IdleSource } from '../../../src/engine/stream/idle-source.ts'
import type { RecordSink, Spawner } from '../../../src/engine/ports.ts'
import { StreamProxy } from '../../../src/engine/stream/stream-proxy.ts'
import { Supervisor } from '../../../src/engine/supervision/supervisor.ts'
import { calculator } from '../../domain/process/world.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { plainSettings } from '../../support/plain-settings.ts'
import { quietParts, quietSides } from '../../support/quiet-stream.ts'
import { batchOf, MemoryCalculator, MemoryLetters, MemorySink, MemorySource } from '../../support/stream-world.ts'
import { TalkingChild } from '../../support/talking-child.ts'

/** All of an Adoption but its sides: one Calculator, and a fault of the agent fails the test. */
function adoptionParts(
  clock: FakeClock,
  events: EventRing,
  spawner: Spawner,
  replayable = true,
): Omit<AdoptionParts, 'sides'> {
  return {
    ...{ clock, events, adoptionGraceMs: 1000, replayable, dealing: 'partition' },
    supervisor: new Supervisor({ clock, spawner, events }),
    failed: (error) => assert.fail(String(error)),
    program: () => calculator(),
    proxy: (sides) => new StreamProxy(quietParts(clock, events, { replayable }), sides),
  }
}

/** The topic `in` has one record, on which the Calculator works for 50 ms; `other` is empty. */
function world() {
  const clock = new FakeClock()
  const events = new EventRing(clock)
  const sources = { in: new MemorySource(['0'], 1), other: new MemorySource([], 1) }
  const spawner: Spawner = {
    spawn: (_spec, onExit) =>
      new MemoryCalculator(
        1,
        clock,
        50,
        (line) => `${line}\n`,
        (code) => onExit({ code, signal: null }),
      ),
    kill: () => undefined,
    activity: () => ({ cpu: null, parked: 'busy' }),
    stderrTail: () => [],
  }
  const adoption = new Adoption({
    ...adoptionParts(clock, events, spawner),
    sides: ({ inputTopics: [topic] }) =>
      quietSides(clock, {
        ...{ source: topic === 'in' ? sources.in : sources.other, sink: new MemorySink(clock, 1) },
        ...{ letters: new MemoryLetters(), protocol: 'one-to-one' },
      }),
  })
  return { clock, sources, adoption }
}

/** One that starts this child, and cannot start another. */
function spawnerOf(child: TalkingChild): Spawner {
  let isStarted = false
  return {
    spawn: () => {
      assert.ok(!isStarted, 'it is started once')
      isStarted = true
      return child
    },
    kill: () => assert.fail('it lives on'),
    activity: () => ({ cpu: null, parked: 'busy' }),
    stderrTail: () => [],
  }
}

test('a change that is overtaken by the end of the agent brings no new records', async () => {
  const { clock, sources, adoption } = world()
  await adoption.adopt({ ...plainSettings, protocol: 'one-to-one' })
  await clock.advance(10)
  const changed = assert.rejects(
    adoption.adopt({ ...plainSettings, protocol: 'one-to-one', inputTopics: ['other'] }),
    (error) => error instanceof AgentError && error.code === 'SHUTDOWN_STATE',
  )
  await clock.advance(10)
  const closed = adoption.close()
  await clock.advance(100)
  await closed
  await changed
  assert.equal(sources.in.committed, 1, 'it was drained')
  assert.equal(sources.other.epoch, 0, 'it was never started')
  assert.ok(sources.in.paused)
})

test('source: lines on their way to an output topic that is exchanged come to the new one, and nothing fails', async () => {
  const clock = new FakeClock()
  const events = new EventRing(clock)
  const child = new TalkingChild(1)
  let released = 0
  Object.assign(child.stdout, { release: () => released++ })
  const spawner = spawnerOf(child)
  const closed = Promise.withResolvers<never>()
  /** Stores nothing before it is closed; then every write fails. */
  const old: RecordSink = {
    partitions: () => Promise.resolve(1),
    write: () => closed.promise,
    health: () => ({ lastAckAt: null, error: null }),
    close: () => {
      closed.reject(new AgentError('SHUTDOWN_STATE', 'closed before all was written'))
      return Promise.resolve()
    },
  }
  const next = new MemorySink(clock, 1)
  const [source, letters] = [new IdleSource(), new MemoryLetters()]
  const adoption = new Adoption({
    ...adoptionParts(clock, events, spawner),
    sides: ({ outputTopic }) =>
      quietSides(clock, { source, letters, sink: outputTopic === 'old' ? old : next, protocol: 'source', outputTopic }),
  })
  await adoption.adopt({ ...plainSettings, protocol: 'source', outputTopic: 'old' })
  await clock.advance(5)
  child.print('one')
  await clock.advance(5)
  const changed = adoption.adopt({ ...plainSettings, protocol: 'source', outputTopic: 'new' })
  await clock.advance(1)
  await changed
  child.print('two')
  await clock.advance(5)
  assert.deepEqual(next.stored, ['one', 'two'])
  assert.equal(adoption.workers?.snapshots()[0]?.bufferedBytes, 0)
  assert.equal(released, 0, 'the old sink may still look at what it did not store')
})

const batchSettings: StreamSettings = { ...plainSettings, protocol: 'batch' }

/** PROTOCOL=batch before a local input, of which `feed` gives the next values. */
async function localBatch(clock: FakeClock, spawner: Spawner) {
  const events = new EventRing(clock)
  const [source, sink, letters] = [new IdleSource(), new MemorySink(clock, 1), new MemoryLetters()]
  const adoption = new Adoption({
    ...adoptionParts(clock, events, spawner, false),
    program: () => calculator({ autorestart: false, stop: [{ action: 'eof', wait: 1000 }] }),
    sides: () => quietSides(clock, { source, sink, letters, protocol: 'batch' }),
  })
  await adoption.adopt(batchSettings)
  await clock.advance(1)
  const consumer = adoption.workers?.consumer
  assert.ok(consumer)
  const at = { topic: 'file', partition: 0 }
  consumer.assigned([{ ...at, epoch: 1 }])
  let next = 0
  const feed = async (...values: readonly string[]): Promise<void> => {
    await consumer.batch(batchOf(at, 1, next, values))
    next += values.length
    await clock.advance(1)
  }
  return { adoption, consumer, sink, feed }
}

test('batch: a local input is not cut off by a document, and the same Calculator gets the rest', async () => {
  const clock = new FakeClock()
  const child = new TalkingChild(1)
  const { adoption, consumer, feed } = await localBatch(clock, spawnerOf(child))
  await feed('a', 'b')
  let isAdopted = false
  void adoption.adopt({ ...batchSettings, outputJson: true }).then(() => (isAdopted = true))
  await clock.advance(1)
  assert.deepEqual([child.lines, child.inputEnded, isAdopted], [['a', 'b'], false, true])
  await feed('c')
  consumer.ended()
  await clock.advance(1)
  assert.deepEqual([child.lines, child.inputEnded], [['a', 'b', 'c'], true])
})

test('batch: a document with another Calculator ends the run, and that one gets the rest of a local input', async () => {
  const clock = new FakeClock()
  let pid = 0
  const { adoption, consumer, sink, feed } = await localBatch(clock, {
    spawn: (_spec, onExit) => {
      const number = ++pid
      const say = (line: string): string => `${number}: ${line}\n`
      return new MemoryCalculator(number, clock, 1, say, (code) => onExit({ code, signal: null }))
    },
    kill: () => assert.fail('it ends by itself'),
    activity: () => ({ cpu: null, parked: 'busy' }),
    stderrTail: () => [],
  })
  await feed('a', 'b')
  const changed = adoption.adopt({ ...batchSettings, bin: '/bin/tac' })
  await clock.advance(2000)
  await changed
  await feed('c')
  consumer.ended()
  await clock.advance(20)
  assert.deepEqual(sink.stored, ['1: a', '1: b', '2: c'])
})

test('batch: the end of the agent ends a local input at once', async () => {
  const clock = new FakeClock()
  const child = new TalkingChild(1)
  const proxy = new StreamProxy(
    quietParts(clock, new EventRing(clock), { replayable: false }),
    quietSides(clock, {
      ...{ source: new IdleSource(), sink: new MemorySink(clock, 1), letters: new MemoryLetters(), protocol: 'batch' },
    }),
  )
  proxy.opened(child)
  await clock.advance(1)
  const at = { topic: 'file', partition: 0 }
  proxy.consumer.assigned([{ ...at, epoch: 1 }])
  await proxy.consumer.batch(batchOf(at, 1, 0, ['a']))
  await clock.advance(1)
  const drained = proxy.drain(1000)
  await clock.advance(1)
  assert.ok(child.inputEnded)
  child.print('sum of 1')
  child.end()
  proxy.closed(child, { code: 0, signal: null }, false)
  await clock.advance(10)
  assert.equal(await drained, true)
  proxy.close()
})
