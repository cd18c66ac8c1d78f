import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DeadLetter } from '../../../src/domain/stream/value-batch.ts'
import { LetterLines } from '../../../src/engine/stream/letter-lines.ts'
import { FakeClock } from '../../support/fake-clock.ts'

const letters = (reason: string, count: number): DeadLetter[] =>
  Array.from({ length: count }, (_, index) => {
    return { key: null, value: new Uint8Array(0), headers: [], reason, facts: { offset: String(index) } }
  })

function scene() {
  const clock = new FakeClock()
  const each: string[] = []
  const more: string[] = []
  const lines = new LetterLines(clock, {
    each: ({ reason, facts }) => each.push(`${reason} ${String(facts['offset'])}`),
    more: (reason, records) => more.push(`${records} ${reason}`),
  })
  return { clock, lines, each, more }
}

test('the first dead letters of each reason are told one by one, the rest of ten seconds as a count', async () => {
  const { clock, lines, each, more } = scene()
  lines.add(letters('not-json', 15))
  lines.add(letters('not-json', 1000))
  lines.add(letters('crash', 1))
  assert.deepEqual(each.slice(18), ['not-json 3', 'not-json 4', 'crash 0'])
  await clock.advance(9_999)
  assert.deepEqual(more, [])
  await clock.advance(1)
  assert.deepEqual(more, ['995 not-json'])
  lines.add(letters('not-json', 2))
  assert.equal(each.length, 23)
  await clock.advance(10_000)
  assert.equal(more.length, 1)
})

test('at the end the count is told, and nothing is armed any more', async () => {
  const { clock, lines, more } = scene()
  lines.add(letters('not-json', 21))
  lines.close()
  assert.deepEqual(more, ['1 not-json'])
  await clock.advance(60_000)
  assert.equal(more.length, 1)
})
