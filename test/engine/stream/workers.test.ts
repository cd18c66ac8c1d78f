// Several Calculators before one source: they die one by one, become more and fewer, and partitions come and go.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dealings, type Dealing } from '../../../src/domain/stream/dealing.ts'
import type { KeyedValue } from '../../support/partitioned-source.ts'
import { WorkersWorld } from '../../support/workers-world.ts'

/** Values that tell where they come from: partition, offset, key. */
const valuesFor = (keys: readonly (readonly (string | null)[])[]): KeyedValue[][] =>
  keys.map((list, partition) => list.map((key, offset) => ({ key, value: `${partition}:${offset}:${key ?? ''}` })))

/** The first answers to the records of one partition, or of one key in it, come in the order of their records. */
function inOrder(stored: readonly string[], dealing: Dealing): void {
  const last = new Map<string, number>()
  for (const value of new Set(stored)) {
    const [partition = '', offset, key = ''] = value.split(':')
    if (dealing === 'key' && key === '') continue
    const line = dealing === 'key' ? `${partition} ${key}` : partition
    assert.ok((last.get(line) ?? -1) < Number(offset), `${value} is out of order`)
    last.set(line, Number(offset))
  }
}

const event = fc.oneof(
  fc.record({ do: fc.constant('kill' as const), wait: fc.nat(80), which: fc.nat(9) }),
  fc.record({ do: fc.constant('become' as const), wait: fc.nat(80), which: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ do: fc.constant('revoke' as const), wait: fc.nat(80), which: fc.nat(9) }),
  fc.record({ do: fc.constant('lose' as const), wait: fc.nat(80), which: fc.nat(9) }),
  fc.record({ do: fc.constant('refuse' as const), wait: fc.nat(20), which: fc.nat(2) }),
)

const script = fc.record({
  protocol: fc.constantFrom('relay' as const, 'one-to-one' as const, 'batch' as const),
  dealing: fc.constantFrom(...dealings),
  workers: fc.integer({ min: 1, max: 3 }),
  keys: fc.array(fc.array(fc.constantFrom('a', 'b', 'c', 'd', null), { minLength: 1, maxLength: 20 }), {
    minLength: 1,
    maxLength: 3,
  }),
  atOnce: fc.integer({ min: 1, max: 6 }),
  work: fc.nat(20),
  bufferBytes: fc.integer({ min: 60, max: 900 }),
  events: fc.array(event, { maxLength: 5 }),
})

test('whatever dies, comes and goes: no commit passes an answer that is not stored, and order is kept', async () => {
  await fc.assert(
    fc.asyncProperty(script, async ({ keys, events, ...options }) => {
      const world = new WorkersWorld({ ...options, values: valuesFor(keys) })
      await world.begin()
      for (const step of events) {
        for (let ms = 0; ms < step.wait; ms++) {
          await world.clock.advance(1)
          world.check()
        }
        if (step.do === 'kill') world.kill(step.which % world.workers.proxies.length)
        else if (step.do === 'become') await world.become(step.which)
        else if (step.do === 'refuse') world.source.refusals = step.which
        else {
          const partition = step.which % keys.length
          await world.while(world.source[step.do]([partition]))
          world.check()
          world.source.assign([partition])
        }
      }
      await world.toTheEnd()
      inOrder(world.sink.stored, options.dealing)
      assert.deepEqual(
        new Set(world.sink.stored),
        new Set(world.source.values.flat().map(({ value }) => value)),
        'nothing is missing, nothing is made up',
      )
      world.workers.close()
    }),
    { numRuns: 150 },
  )
})

for (const dealing of dealings) {
  test(`by ${dealing}: without faults nothing is answered twice, and every worker has its share`, async () => {
    const keys = Array.from({ length: 6 }, () => Array.from({ length: 30 }, (_, i) => `k${i % 11}`))
    const workersOf = new Map<string, Set<number>>()
    const answer = (line: string, worker: number): string => {
      const [partition = '', , key = ''] = line.split(':')
      const name = dealing === 'key' ? key : partition
      workersOf.set(name, (workersOf.get(name) ?? new Set()).add(worker))
      return `${line}\n`
    }
    const options = { protocol: 'one-to-one', dealing, workers: 3, values: valuesFor(keys), answer } as const
    const world = new WorkersWorld(options)
    await world.begin()
    await world.toTheEnd()
    assert.equal(world.sink.stored.length, 180)
    inOrder(world.sink.stored, dealing)
    for (const [name, workers] of workersOf) assert.equal(workers.size, 1, `${name} belongs to one worker`)
    assert.deepEqual(new Set([...workersOf.values()].flatMap((set) => [...set])), new Set([0, 1, 2]))
    const { assigned } = world.workers.snapshots()[1]?.input ?? {}
    assert.equal(assigned?.length, dealing === 'key' ? 6 : 2)
    world.workers.close()
  })
}

test('a worker that dies has its own records again, and nobody else has', async () => {
  for (const dealing of dealings) {
    const seen = new Map<string, number>()
    const workerOf = new Map<string, number>()
    const answer = (line: string, worker: number): string => {
      seen.set(line, (seen.get(line) ?? 0) + 1)
      workerOf.set(line, worker)
      return `${line}\n`
    }
    const keys = Array.from({ length: 4 }, () => Array.from({ length: 40 }, (_, i) => `k${i % 11}`))
    const world = new WorkersWorld({ protocol: 'relay', dealing, workers: 2, values: valuesFor(keys), answer })
    await world.begin()
    for (let deaths = 0; deaths < 5; deaths++) {
      await world.clock.advance(37)
      world.kill(1)
    }
    await world.toTheEnd()
    const again = [...seen].filter(([, times]) => times > 1).map(([line]) => workerOf.get(line))
    assert.ok(again.length > 0, 'the deaths fell into the run')
    assert.deepEqual(new Set(again), new Set([1]))
    world.workers.close()
  }
})

test('one that is down holds up its own records alone, by partition', async () => {
  const keys = Array.from({ length: 2 }, () => Array.from({ length: 20 }, () => null))
  const world = new WorkersWorld({ protocol: 'one-to-one', dealing: 'partition', workers: 2, values: valuesFor(keys) })
  await world.begin()
  world.kill(1, false)
  await world.clock.advance(5000)
  assert.deepEqual(world.source.committed, [20, 0])
  const [up, down] = world.workers.snapshots()
  assert.deepEqual([up?.phase, down?.phase], ['feeding', 'idle'])
  const proxy = world.workers.proxies[1]
  assert.ok(proxy)
  world.open(proxy, 1)
  await world.toTheEnd()
  world.workers.close()
})

test('by key: more and fewer workers do nothing again that others had done ahead', async () => {
  // One key has nearly everything: its worker falls behind.
  const keys = [Array.from({ length: 120 }, (_, i) => (i % 12 === 11 ? `k${i}` : 'busy'))]
  const options = { protocol: 'one-to-one', dealing: 'key', work: 4, bufferBytes: 3000 } as const
  const world = new WorkersWorld({ ...options, workers: 3, values: valuesFor(keys) })
  await world.begin()
  for (const count of [2, 1, 3]) {
    await world.clock.advance(60)
    await world.become(count)
  }
  await world.toTheEnd()
  inOrder(world.sink.stored, 'key')
  // What the busy one had in hand when it was stopped is done again, and nothing else.
  const twice = world.sink.stored.filter((value, i) => world.sink.stored.indexOf(value) !== i)
  assert.deepEqual(
    twice.filter((value) => !value.endsWith('busy')),
    [],
  )
  world.workers.close()
})

test('a record that kills is found among those of its worker, and dead-lettered by it', async () => {
  for (const dealing of dealings) {
    const keys = Array.from({ length: 3 }, () => Array.from({ length: 30 }, (_, i) => `k${i % 7}`))
    const answer = (line: string): string | null => (line.startsWith('1:17:') ? null : `${line}\n`)
    const world = new WorkersWorld({ protocol: 'one-to-one', dealing, workers: 3, values: valuesFor(keys), answer })
    await world.begin()
    await world.toTheEnd()
    assert.equal(world.letters.stored.length, 1)
    assert.deepEqual(world.letters.stored[0]?.facts['offset'], '17')
    assert.equal(new Set(world.sink.stored).size, 89)
    assert.ok(world.source.metadata.every((text) => text === ''))
    world.workers.close()
  }
})

test('when partitions go away those that stay are shared anew', async () => {
  const keys = Array.from({ length: 4 }, () => Array.from({ length: 60 }, () => null))
  const world = new WorkersWorld({
    protocol: 'one-to-one',
    dealing: 'partition',
    workers: 2,
    values: valuesFor(keys),
    work: 2,
  })
  await world.begin()
  await world.clock.advance(20)
  await world.while(world.source.revoke([1, 3]))
  await world.clock.advance(1000)
  const assigned = world.workers.snapshots().map(({ input }) => input.assigned.length)
  assert.deepEqual(assigned, [1, 1])
  world.source.assign([1, 3])
  await world.toTheEnd()
  inOrder(world.sink.stored, 'partition')
  assert.equal(world.sink.stored.length, 240, 'what was drained is not done again')
  world.workers.close()
})

test('tombstones alone are committed, and counted once', async () => {
  for (const dealing of dealings) {
    const values = [Array.from({ length: 9 }, () => ({ key: 'a', value: null })), [{ key: 'b', value: '1:0:b' }]]
    const world = new WorkersWorld({ protocol: 'relay', dealing, workers: 2, values })
    await world.begin()
    await world.toTheEnd()
    const tombstones = world.workers.snapshots().reduce((sum, { counters }) => sum + counters.tombstones, 0)
    assert.equal(tombstones, 9)
    world.workers.close()
  }
})

test('what the source tells is told by one worker each: sums over all of them are true', async () => {
  for (const dealing of dealings) {
    const keys = Array.from({ length: 5 }, () => Array.from({ length: 60 }, (_, i) => `k${i % 7}`))
    const options = { protocol: 'one-to-one', dealing, values: valuesFor(keys), bufferBytes: 300 } as const
    const world = new WorkersWorld({ ...options, workers: 3 })
    await world.begin()
    await world.clock.advance(30)
    const inputs = world.workers.snapshots().map(({ input }) => input)
    const { lag } = world.source.health()
    assert.ok(lag !== null && lag > 0)
    assert.equal(
      inputs.reduce((sum, input) => sum + (input.lag ?? NaN), 0),
      lag,
    )
    const partitions = world.workers.snapshots().flatMap((shown) => shown.partitions.map(({ partition }) => partition))
    assert.deepEqual(
      partitions.sort((a, b) => a - b),
      [0, 1, 2, 3, 4],
    )
    assert.equal(
      inputs.reduce((sum, { rebalances }) => sum + rebalances.assigned, 0),
      1,
    )
    world.workers.close()
  }
})

test('at-most-once: no record is given to two Calculators, whoever dies', async () => {
  const seen: string[] = []
  const keys = Array.from({ length: 3 }, () => Array.from({ length: 50 }, () => null))
  const answer = (line: string): string => {
    seen.push(line)
    return `${line}\n`
  }
  const options = {
    protocol: 'relay',
    dealing: 'partition',
    values: valuesFor(keys),
    atMostOnce: true,
    answer,
  } as const
  const world = new WorkersWorld({ ...options, workers: 3 })
  await world.begin()
  for (const worker of [1, 0, 1, 2]) {
    await world.clock.advance(20)
    world.kill(worker)
  }
  await world.clock.advance(10_000)
  assert.deepEqual(world.source.committed, [50, 50, 50])
  assert.equal(new Set(seen).size, seen.length)
  assert.ok(seen.length < 150, 'what was in work is lost')
  world.workers.close()
})

for (const protocol of ['relay', 'one-to-one', 'batch'] as const) {
  test(`${protocol}: what is another's already is not waited for, however busy the worker is`, async () => {
    const values = valuesFor([['a', 'b'], ['c'], ['d']])
    const world = new WorkersWorld({ protocol, dealing: 'partition', workers: 2, values, work: 1_000_000 })
    await world.begin()
    await world.clock.advance(5)
    const before = world.clock.now()
    // The first is about to move to the other worker, or to be given away, when all is lost.
    const revoked = world.source.revoke([1])
    await world.source.lose([0, 1, 2])
    await revoked
    assert.equal(world.clock.now(), before, 'no time has passed')
    assert.deepEqual(world.source.commits, [])
    const streams = world.workers.snapshots()
    assert.deepEqual(
      streams.map(({ input }) => input.assigned),
      [[], []],
    )
    world.workers.close()
  })
}
