import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { AnswerRun } from '../../../src/domain/stream/fifo.ts'
import { lineAt } from '../../../src/domain/stream/lines.ts'
import { protocolRules } from '../../../src/domain/stream/protocol/rules.ts'
import type { Protocol } from '../../../src/domain/stream/settings.ts'
import type { AnswerReader, Answers } from '../../../src/domain/stream/protocol/protocol.ts'
import { withoutRefused } from '../../../src/domain/stream/refusals.ts'
import { unescape } from '../../../src/wire/json-bytes.ts'
import { batchOf } from '../../support/stream-world.ts'

const refusal = { reason: 'no', retry: false }
const batch = (first: number, count: number): ReturnType<typeof batchOf> =>
  batchOf(
    { topic: 'in', partition: 0 },
    1,
    first,
    Array.from({ length: count }, (_, i) => `${first + i}`),
  )

function readerOf(protocol: Protocol): AnswerReader {
  const reader = protocolRules[protocol].reader?.({ unescape, json: () => false })
  assert.ok(reader)
  return reader
}

function linesOf(...texts: readonly string[]): Parameters<AnswerReader['read']>[0] {
  const bytes = Buffer.from(texts.map((text) => `${text}\n`).join(''))
  let at = 0
  return { bytes, ends: Uint32Array.from(texts, (text) => (at += Buffer.byteLength(text) + 1)), count: texts.length }
}

/** Offset and line of each answer. */
const answered = ({ lines, attributions }: Answers): (readonly [number, string])[] => {
  let line = 0
  return attributions.flatMap(({ batch: { offsets }, from, count, mapped }) =>
    Array.from({ length: count }, (_, i): readonly [number, string] => {
      const text = lines ? Buffer.from(lineAt(lines, line++)).toString() : 'missing'
      return [offsets[mapped ? (mapped.records[i] ?? -1) : from + i] ?? -1, text]
    }),
  )
}

const offsetsOf = (runs: readonly AnswerRun[]): number[] =>
  runs.flatMap(({ batch: { offsets }, from, to }) => [...offsets.slice(from, to)])

test('one-to-one: every record is either done with its own line or refused, whichever they are', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(sizes, fc.array(fc.nat(19)), (counts, refusedNumbers) => {
      const reader = readerOf('one-to-one')
      let total = 0
      for (const count of counts) {
        reader.push(batch(total, count), 0, count)
        total += count
      }
      const texts = Array.from({ length: total }, (_, i) => `answer ${i}`)
      const refuses = (ordinal: number): boolean => refusedNumbers.includes(ordinal)
      const { answers, refused } = withoutRefused(reader.read(linesOf(...texts)), (_, i) =>
        refuses(i) ? refusal : null,
      )
      const kept = texts.flatMap((text, i) => (refuses(i) ? [] : [[i, text] as const]))
      assert.deepEqual(answered(answers), kept)
      assert.deepEqual(
        offsetsOf(answers.done),
        kept.map(([i]) => i),
      )
      assert.deepEqual(
        offsetsOf(refused.map(({ run }) => run)),
        texts.flatMap((_, i) => (refuses(i) ? [i] : [])),
      )
    }),
  )
})

test('many and keyed: what was printed for a refused record stays, and it is not done', () => {
  const many = readerOf('many')
  many.push(batch(0, 2), 0, 2)
  const first = withoutRefused(many.read(linesOf('a', '', 'b', '')), (_, i) => (i === 0 ? refusal : null))
  assert.deepEqual(answered(first.answers), [
    [0, 'a'],
    [1, 'b'],
  ])
  assert.deepEqual([offsetsOf(first.answers.done), offsetsOf(first.refused.map(({ run }) => run))], [[1], [0]])

  const keyed = readerOf('keyed')
  keyed.push(batch(7, 2), 0, 2)
  assert.deepEqual(
    ['in-0-7', 'in-0-8', 'in-0-9', 'in-1-7', 'odd'].map((id) => keyed.knows(id)),
    [true, true, false, false, false],
  )
  const read = keyed.read(linesOf('{"id":"in-0-8","data":"x"}', '{"id":"in-0-7"}'))
  const second = withoutRefused(read, ({ batch: { offsets }, from }) => (offsets[from] === 7 ? refusal : null))
  assert.deepEqual(answered(second.answers), [[8, 'x']])
  assert.deepEqual([offsetsOf(second.answers.done), offsetsOf(second.refused.map(({ run }) => run))], [[8], [7]])
  assert.equal(keyed.knows('in-0-7'), false)
})

test('records in order are known by their number while they are in work', () => {
  const reader = readerOf('one-to-one')
  reader.push(batch(0, 3), 0, 3)
  reader.read(linesOf('a'))
  assert.equal(reader.answered, 1)
  assert.deepEqual(
    [1, 2, 3, 4, 'in-0-1'].map((name) => reader.knows(name)),
    [false, true, true, false, false],
  )
})
