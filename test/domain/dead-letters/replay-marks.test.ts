import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ReplayMarks } from '../../../src/domain/dead-letters/replay-marks.ts'

const REASONS = ['crash', 'raw-newline', 'not-json'] as const

interface Run {
  readonly from: number
  readonly to: number
  readonly reasons: readonly string[]
  /** Letters that cannot be sent. */
  readonly stuck: ReadonlySet<number>
  readonly again: boolean
}

const topic = fc.array(fc.constantFrom(...REASONS), { minLength: 1, maxLength: 40 })
const run: fc.Arbitrary<Run> = fc.record({
  from: fc.nat(40),
  to: fc.nat(40),
  reasons: fc.subarray([...REASONS]),
  stuck: fc.array(fc.nat(40), { maxLength: 6 }).map((offsets) => new Set(offsets)),
  again: fc.boolean(),
})

/** Replays as the command does, and gives the offsets that were sent. */
function replay(marks: ReplayMarks, letters: readonly string[], { from, to, reasons, stuck, again }: Run): number[] {
  const sent: number[] = []
  marks.begin(from, 0)
  for (let offset = from; offset < Math.min(to, letters.length); offset++) {
    const reason = letters[offset] ?? ''
    const known = marks.has(offset, reason)
    const goes = reasons.includes(reason) && !stuck.has(offset) && (again || !known)
    if (goes) sent.push(offset)
    if (goes || known) marks.done(offset, reason)
    else marks.left(reason)
  }
  return sent
}

test('law 1 and 3: exactly what was sent is marked, over any runs, also when written and read in between', () => {
  fc.assert(
    fc.property(topic, fc.array(run, { maxLength: 6 }), (letters, runs) => {
      let marks = new ReplayMarks(0)
      const sent = new Set<number>()
      for (const each of runs) {
        for (const offset of replay(marks, letters, each)) {
          assert.ok(each.again || !sent.has(offset), `offset ${offset} twice`)
          sent.add(offset)
        }
        marks = ReplayMarks.parse(marks.low, marks.text() ?? assert.fail('too much'))
        for (const [offset, reason] of letters.entries()) assert.equal(marks.has(offset, reason), sent.has(offset))
      }
    }),
  )
})

test('law 2: a run in which all is sent needs one number', () => {
  fc.assert(
    fc.property(topic, fc.array(run, { maxLength: 4 }), (letters, runs) => {
      const marks = new ReplayMarks(0)
      for (const each of runs) replay(marks, letters, each)
      replay(marks, letters, { from: 0, to: letters.length, reasons: REASONS, stuck: new Set(), again: false })
      assert.deepEqual([marks.low, marks.text()], [letters.length, ''])
    }),
  )
})

test('one reason among others is one range, and a letter that stays behind splits it', () => {
  const letters = Array.from({ length: 1000 }, (_, i) => (i % 2 === 0 ? 'crash' : 'not-json'))
  const marks = new ReplayMarks(0)
  const crashes = { from: 0, to: 1000, reasons: ['crash'], again: false }
  replay(marks, letters, { ...crashes, stuck: new Set([500]) })
  assert.deepEqual([marks.low, marks.text()], [1, '{"crash":[[2,499],[502,999]]}'])
  replay(marks, letters, { ...crashes, stuck: new Set() })
  assert.equal(marks.text(), '{"crash":[[2,999]]}')
})

test('what lies before the first letter that is kept is forgotten', () => {
  const marks = ReplayMarks.parse(3, '{"crash":[[10,20],[30,40]],"not-json":[[5,6]]}')
  marks.begin(25, 25)
  assert.deepEqual([marks.low, marks.text()], [25, '{"crash":[[30,40]]}'])
})

test('more than a commit can carry is told', () => {
  const letters = Array.from({ length: 2000 }, () => 'crash')
  const stuck = new Set([...letters.keys()].filter((offset) => offset % 2 === 0))
  const marks = new ReplayMarks(0)
  replay(marks, letters, { from: 0, to: 2000, reasons: ['crash'], stuck, again: false })
  assert.equal(marks.text(), null)
})

test("somebody else's metadata is none; the offset counts", () => {
  for (const metadata of ['hello', 'null', '[1]', '{"a":1}', '{"a":[[3]]}', '{"a":[[4,2],["x",9]]}']) {
    const marks = ReplayMarks.parse(7, metadata)
    assert.deepEqual([marks.has(6, 'a'), marks.has(7, 'a'), marks.text()], [true, false, ''])
  }
  assert.equal(ReplayMarks.parse(-1, '').has(0, 'a'), false)
})
