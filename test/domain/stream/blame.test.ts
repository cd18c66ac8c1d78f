import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Blame, type Condemned, type Flying } from '../../../src/domain/stream/blame.ts'

interface Script {
  readonly records: number
  readonly partitions: number
  readonly poison: ReadonlySet<number>
  readonly window: number
  readonly attempts: number
  readonly stepwise: boolean
  /** Before which feedings somebody kills the Calculator from outside. */
  readonly kills: readonly number[]
}

interface Outcome {
  readonly condemned: Condemned[]
  /** Deaths of its own doing before each record was condemned, since the one before it. */
  readonly deaths: number[]
  readonly done: ReadonlySet<number>
  readonly blame: Blame
}

const place = (record: number, partitions: number): { topic: string; partition: number } => ({
  topic: 't',
  partition: record % partitions,
})

/** Records are fed in order, round the partitions; a Calculator dies at the first poison that it reads. */
function run({ records, partitions, poison, window, attempts, stepwise, kills }: Script): Outcome {
  const blame = new Blame()
  const done = new Set<number>()
  const condemned: Condemned[] = []
  const deaths: number[] = []
  let since = 0
  const settle = (record: number): void => {
    done.add(record)
    for (let partition = 0; partition < partitions; partition++) {
      let position = partition
      while (done.has(position)) position += partitions
      blame.settled({ topic: 't', partition }, position)
    }
  }
  const flyingOf = (list: readonly number[]): Flying[] =>
    list.map((record) => ({ ...place(record, partitions), first: record, next: record + 1, records: 1 }))
  for (let step = 0; done.size < records; step++) {
    assert.ok(step < 10_000, 'it comes to an end')
    const open = Array.from({ length: records }, (_, record) => record).filter((record) => !done.has(record))
    const inFlight = open.slice(0, Math.min(window, blame.limit))
    const buried = inFlight.filter(
      (record) => blame.condemnedIn(place(record, partitions), record, record + 1).length > 0,
    )
    if (buried.length > 0) {
      buried.forEach(settle)
      continue
    }
    if (kills.includes(step)) {
      assert.equal(blame.died('environment', flyingOf(inFlight), attempts, stepwise), null)
      continue
    }
    const fatal = inFlight.findIndex((record) => poison.has(record))
    if (fatal < 0) {
      inFlight.forEach(settle)
      continue
    }
    since++
    if (stepwise) inFlight.slice(0, fatal).forEach(settle)
    const found = blame.died('crash', flyingOf(stepwise ? inFlight.slice(fatal) : inFlight), attempts, stepwise)
    if (found) {
      condemned.push(found)
      deaths.push(since)
      since = 0
    }
  }
  return { condemned, deaths, done, blame }
}

const scripts = fc
  .record({
    records: fc.integer({ min: 1, max: 60 }),
    partitions: fc.integer({ min: 1, max: 3 }),
    poisons: fc.array(fc.nat(59), { maxLength: 4 }),
    window: fc.integer({ min: 1, max: 40 }),
    attempts: fc.integer({ min: 1, max: 4 }),
    stepwise: fc.boolean(),
    kills: fc.array(fc.nat(60), { maxLength: 6 }),
  })
  .map(({ poisons, ...rest }): Script => ({ ...rest, poison: new Set(poisons.filter((at) => at < rest.records)) }))

test('what kills is found within the deaths that are allowed for it, and nothing else is ever condemned', () => {
  fc.assert(
    fc.property(scripts, (script) => {
      const { condemned, deaths, done, blame } = run(script)
      assert.deepEqual(
        condemned.map(({ offset }) => offset).sort((a, b) => a - b),
        [...script.poison].sort((a, b) => a - b),
      )
      for (const { attempts } of condemned) assert.equal(attempts, script.attempts)
      const halvings = script.stepwise ? 1 : Math.ceil(Math.log2(script.window))
      for (const count of deaths) assert.ok(count <= halvings + script.attempts, `${count} deaths`)
      assert.equal(done.size, script.records)
      assert.equal(blame.limit, Infinity)
      assert.equal(blame.isolating, false)
    }),
    { numRuns: 2000 },
  )
})

const at = { topic: 't', partition: 0 }
const alone = (offset: number): Flying[] => [{ ...at, first: offset, next: offset + 1, records: 1 }]

test('the count goes with the partition: it is written down before each try, and the next owner goes on with it', () => {
  const first = new Blame()
  first.died('crash', alone(7), 3, true)
  assert.equal(first.metadata(at, 7, true), '{"v":1,"o":7,"a":2}')
  const next = new Blame()
  assert.equal(next.noted(at, first.metadata(at, 7, true), 3), null)
  assert.equal(next.limit, 1, 'it is alone from the start')
  assert.equal(next.attemptsOf(at, 7), 2)
  assert.equal(next.died('crash', alone(7), 3, true)?.offset, 7)
  const last = new Blame()
  assert.equal(last.noted(at, '{"v":1,"o":7,"a":3}', 3)?.attempts, 3, 'that was its last try')
  assert.equal(last.condemnedIn(at, 0, 8)[0]?.offset, 7)
  assert.equal(last.metadata(at, 5, false), '{"v":1,"o":7,"a":3}', 'until its letter is stored')
  last.settled(at, 8)
  assert.equal(last.metadata(at, 8, false), '')
})

test('a record that survives is innocent again, and a partition given away takes its suspects along', () => {
  const blame = new Blame()
  blame.died('crash', alone(7), 3, true)
  blame.settled(at, 8)
  assert.equal(blame.limit, Infinity)
  assert.equal(blame.metadata(at, 8, false), '')
  blame.died('crash', [...alone(9), { topic: 't', partition: 1, first: 3, next: 5, records: 2 }], 3, false)
  assert.equal(blame.limit, 2)
  blame.forget({ topic: 't', partition: 1 })
  assert.equal(blame.isolating, true)
  blame.forget(at)
  assert.equal(blame.limit, Infinity)
  blame.died('crash', alone(9), 3, true)
  blame.clear()
  assert.equal(blame.limit, Infinity)
  assert.equal(blame.metadata(at, 9, false), '')
})

test('an out-of-memory kill counts against one alone, and makes suspects of several', () => {
  const blame = new Blame()
  blame.died('out-of-memory', alone(1), 3, true)
  assert.equal(blame.attemptsOf(at, 1), 1)
  blame.died('out-of-memory', [{ ...at, first: 1, next: 5, records: 4 }], 3, false)
  assert.equal(blame.limit, 2)
  assert.equal(blame.attemptsOf(at, 1), 1)
})

test('metadata of anybody else means nothing', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.json(), fc.constant('{"v":2,"o":1,"a":1}'), fc.constant('{"v":1,"o":-1,"a":1}')),
      (text) => {
        const blame = new Blame()
        assert.equal(blame.noted(at, text, 3), null)
        assert.equal(blame.limit, Infinity)
      },
    ),
  )
})
