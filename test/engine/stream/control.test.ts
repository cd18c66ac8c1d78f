import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ControlParts } from '../../../src/engine/stream/control-desk.ts'
import { stage, type Stage, type TalkingChild } from '../../support/talking-child.ts'

const control = (parts: Partial<ControlParts>): { readonly control: ControlParts } => ({
  control: { awaitsReady: false, acks: false, ready: () => undefined, log: () => undefined, ...parts },
})
const nack = (record: number | string, retry = false): object => ({ type: 'nack', record, reason: 'odd', retry })
const eventsNamed = ({ events }: Stage, event: string): string[] =>
  events.since(0).flatMap((each) => (each.event === `stream.${event}` ? [each.message] : []))
const lettersOf = ({ letters }: Stage): (readonly (string | undefined)[])[] =>
  letters.stored.map(({ reason, value, facts }) => [reason, Buffer.from(value).toString(), facts['attempts']])
/** Everything that is stored, in whatever order. */
const all = (world: Stage): string[] =>
  [...world.sink.stored, ...lettersOf(world).map(([, value]) => value ?? '')].sort()
const CRASH = { code: 1, signal: null }

test('nothing is fed before it is ready, and half a minute of that is a warning', async () => {
  const world = await stage('one-to-one', ['a'], control({ awaitsReady: true, ready: () => world.ready++ }))
  const { child, clock, proxy } = world
  await clock.advance(29_000)
  assert.deepEqual(eventsNamed(world, 'not-ready'), [])
  await clock.advance(2000)
  assert.equal(eventsNamed(world, 'not-ready').length, 1)
  assert.deepEqual([child.lines, proxy.snapshot().control?.ready, world.ready], [[], false, 0])
  child.say({ type: 'ready' })
  await clock.advance(1)
  assert.deepEqual([child.lines, proxy.snapshot().control?.ready, world.ready], [['a'], true, 1])
  proxy.close()
})

test('the next incarnation has to become ready by itself', async () => {
  const world = await stage('one-to-one', ['a'], control({ awaitsReady: true }))
  world.child.say({ type: 'ready' })
  await world.clock.advance(1)
  const next = world.replace(CRASH)
  await world.clock.advance(100)
  assert.deepEqual(next.lines, [])
  next.say({ type: 'ready' })
  await world.clock.advance(1)
  assert.deepEqual(next.lines, ['a'])
  world.proxy.close()
})

test('a sink that acknowledges is committed up to there, silence commits nothing, and the rest is read again', async () => {
  const world = await stage('sink', ['a', 'b', 'c', 'd'], control({ acks: true }))
  const { child, clock, source } = world
  await clock.advance(5000)
  assert.deepEqual([child.lines.length, source.committed], [4, 0])
  child.say({ type: 'ack', record: 3 })
  child.say({ type: 'ack', record: 2 })
  await clock.advance(2000)
  assert.equal(source.committed, 3)
  assert.deepEqual(eventsNamed(world, 'control-problem'), [])
  child.say({ type: 'ack', record: 5 })
  const next = world.replace(CRASH)
  await clock.advance(2000)
  assert.deepEqual(next.lines, ['d'])
  next.say(nack(1))
  next.say({ type: 'ack', record: 1 })
  await clock.advance(2000)
  assert.equal(source.committed, 4)
  assert.deepEqual(lettersOf(world), [['nack', 'd', '1']])
  assert.match(eventsNamed(world, 'control-problem')[0] ?? '', /ack: record 5 was not given yet/)
  world.proxy.close()
})

test('a record that is refused with its last answer to come is dropped from the answers', async () => {
  const world = await stage('one-to-one', ['a', 'b', 'c'])
  const { child, clock, source } = world
  child.say(nack(2))
  for (const line of ['A', 'ignored', 'C']) child.print(line)
  await clock.advance(2000)
  assert.deepEqual([world.sink.stored, lettersOf(world), source.committed], [['A', 'C'], [['nack', 'b', '1']], 3])
  world.proxy.close()
})

test('keyed: a record is refused by its id, and the letter holds its data', async () => {
  const world = await stage('keyed', ['{"v":1}', 'plain "text"'])
  const { child, clock, source } = world
  for (const id of ['in-0-0', 'in-0-1']) {
    child.say(nack(id))
    child.print(`{"id":"${id}"}`)
  }
  await clock.advance(2000)
  assert.deepEqual(
    lettersOf(world).map(([, value]) => value),
    ['{"v":1}', 'plain "text"'],
  )
  assert.equal(source.committed, 2)
  world.proxy.close()
})

test('with at-most-once nothing waits for another try', async () => {
  const world = await stage('one-to-one', ['a'], { atMostOnce: true })
  world.child.say(nack(1, true))
  world.child.print('')
  await world.clock.advance(2000)
  assert.deepEqual([lettersOf(world), world.child.lines], [[['nack', 'a', '1']], ['a']])
  world.proxy.close()
})

test('with exactly-once nothing waits either, and the letter is part of the transaction', async () => {
  const { child, clock, proxy, source, transacted } = await stage('one-to-one', ['a', 'b'], {
    transactionLimitMs: 60_000,
  })
  child.say(nack(1, true))
  for (const line of ['', 'B']) child.print(line)
  await clock.advance(2000)
  assert.deepEqual([transacted?.letters, transacted?.committed, source.committed], [['a'], ['B'], 2])
  assert.deepEqual(child.lines, ['a', 'b'])
  proxy.close()
})

test('whatever is refused, tried again or killed: each record ends as an answer or as a letter', async () => {
  const outcome = fc.constantFrom('answer', 'answer', 'refuse', 'retry')
  const run = fc.record({
    count: fc.integer({ min: 1, max: 12 }),
    outcomes: fc.array(outcome, { minLength: 1, maxLength: 20 }),
    kills: fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 3 }),
  })
  await fc.assert(
    fc.asyncProperty(run, async ({ count, outcomes, kills }) => {
      const values = Array.from({ length: count }, (_, i) => `${i}`.padStart(2, '0'))
      let turn = 0
      const behave = (child: TalkingChild): void => {
        child.onLine = (line, number) => {
          const now = outcomes[turn++ % outcomes.length]
          if (now !== 'answer') child.say(nack(number, now === 'retry'))
          child.print(line)
        }
      }
      const world = await stage('one-to-one', values, {}, behave)
      for (const wait of kills) {
        await world.clock.advance(wait)
        world.replace({ code: null, signal: 'SIGKILL' })
      }
      for (let i = 0; i < 20 && world.source.committed < count; i++) await world.clock.advance(1000)
      assert.equal(world.source.committed, count)
      assert.deepEqual([...new Set(all(world))], values)
      if (kills.length === 0) assert.equal(all(world).length, count, 'and once')
      assert.equal(world.proxy.snapshot().bufferedBytes, 0)
      world.proxy.close()
    }),
    { numRuns: 60 },
  )
})

test('heartbeats are signs of work', async () => {
  const world = await stage('one-to-one', ['a'], { answerTimeoutMs: 3000 })
  for (let i = 0; i < 10; i++) {
    world.child.say({ type: 'heartbeat' })
    await world.clock.advance(1000)
  }
  assert.equal(world.killed, false)
  assert.equal(world.proxy.snapshot().control?.heartbeatAgeMs, 1000)
  await world.clock.advance(5000)
  assert.equal(world.killed, true)
  world.proxy.close()
})

test('a child that is about to stop gets nothing more, and its records are no suspects', async () => {
  const world = await stage('one-to-one', ['a', 'b'])
  world.child.say({ type: 'stopping' })
  assert.equal(world.proxy.snapshot().control?.stopping, true)
  world.replace(CRASH)
  await world.clock.advance(100)
  assert.equal(world.proxy.snapshot().isolating, false)
  assert.deepEqual(world.child.lines, ['a', 'b'])
  world.proxy.close()
})

test('a flood of bad lines and of states is a few events', async () => {
  const world = await stage('relay', ['a'])
  const { child, clock, proxy } = world
  for (let i = 0; i < 1000; i++) {
    child.say({ type: 'stat', text: 'misspelt' })
    child.say({ type: 'state', text: `step ${i}` })
    child.say(nack(1))
  }
  assert.deepEqual([eventsNamed(world, 'control-problem').length, eventsNamed(world, 'state').length], [1, 1])
  assert.equal(proxy.snapshot().counters.controlProblems, 2000)
  assert.equal(proxy.snapshot().control?.state, 'step 999')
  await clock.advance(61_000)
  child.say({ type: 'stat' })
  child.say({ type: 'log', msg: 'hello' })
  assert.equal(eventsNamed(world, 'control-problem').length, 2)
  assert.deepEqual(world.logged, ['{"msg":"hello"}'])
  proxy.close()
})
