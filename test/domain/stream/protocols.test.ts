import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { LineBatch } from '../../../src/domain/stream/line-batch.ts'
import { lineAt } from '../../../src/domain/stream/lines.ts'
import { recordOf } from '../../../src/domain/stream/attribution.ts'
import type { AnswerReader, Answers } from '../../../src/domain/stream/protocol/protocol.ts'
import { protocolRules } from '../../../src/domain/stream/protocol/rules.ts'
import type { Protocol } from '../../../src/domain/stream/settings.ts'
import { unescape } from '../../../src/wire/json-bytes.ts'
import { batchOf as linesOf } from './batches.ts'

const texts = (...values: string[]): LineBatch => linesOf(values.map((value) => Buffer.from(value)))

const batch = texts('r0', 'r1', 'r2', 'r3')
const ids = [...batch.offsets].map((offset) => `readings-0-${offset}`)

function readerOf(protocol: Protocol, json = false): AnswerReader {
  const reader = protocolRules[protocol].reader?.({ unescape, json: () => json })
  assert.ok(reader)
  reader.push(batch, 0, batch.count)
  return reader
}

/** Each line with the record and the number of the answer; the records that are done; the violation. */
function seen({ lines, attributions, done, violation }: Answers): {
  lines: string[]
  done: number[]
  violation: string | null
} {
  const found: string[] = []
  let line = 0
  for (const attribution of attributions) {
    for (let i = 0; i < attribution.count; i++, line++) {
      const text = lines ? Buffer.from(lineAt(lines, line)).toString() : ''
      const ordinal = attribution.mapped?.ordinals[i] ?? 0
      found.push(`${recordOf(attribution, i)}.${ordinal}${attribution.orphan ? '!' : ''} ${text}`)
    }
  }
  assert.equal(line, lines?.count ?? 0)
  return {
    lines: found,
    done: done.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i)),
    violation,
  }
}

test('one-to-one: the k-th line answers the k-th record, and one too many breaks it', () => {
  const reader = readerOf('one-to-one')
  assert.deepEqual(seen(reader.read(texts('a', 'b'))), { lines: ['0.0 a', '1.0 b'], done: [0, 1], violation: null })
  assert.deepEqual(
    reader.oversized(Buffer.from('x')).done.map(({ from }) => from),
    [2],
  )
  const last = seen(reader.read(texts('d', 'e')))
  assert.deepEqual([last.lines, last.done], [['3.0 d'], [3]])
  assert.match(last.violation ?? '', /answers no record/)
})

test('many: lines answer the record that waits, until an empty line', () => {
  const reader = readerOf('many')
  assert.deepEqual(seen(reader.read(texts('a', 'b', ''))), { lines: ['0.0 a', '0.1 b'], done: [0], violation: null })
  assert.deepEqual(seen(reader.read(texts('', 'c'))), { lines: ['2.0 c'], done: [1], violation: null })
  assert.deepEqual(reader.oversized(Buffer.from('x')), { answers: { batch, from: 2, to: 3, orphan: false }, done: [] })
  assert.deepEqual(seen(reader.read(texts('d', '', ''))), { lines: ['2.2 d'], done: [2, 3], violation: null })
  assert.match(seen(reader.read(texts('more'))).violation ?? '', /answers no record/)
  assert.match(seen(reader.read(texts(''))).violation ?? '', /of no record/)
})

test('many: what is not ended stays, and a partition given away has its answers swallowed', () => {
  const reader = readerOf('many')
  reader.forget('readings', 0)
  assert.deepEqual(seen(reader.read(texts('a', ''))), { lines: ['0.0! a'], done: [0], violation: null })
  assert.deepEqual(
    reader.rest().map(({ from, to, orphan }) => [from, to, orphan]),
    [[1, 4, true]],
  )
  assert.equal(reader.length, 0)
})

const answer = (record: number, more: string): string => `{"id":"${ids[record] ?? ''}"${more}}`

test('keyed: answers name their records, in any order, with any number each', () => {
  const reader = readerOf('keyed')
  const lines = texts(
    answer(2, ',"data":{"v": 1}'),
    answer(0, ',"data":"text \\u00e9\\n","last":false'),
    answer(0, ',"data":7, "last" : true'),
    answer(1, ''),
  )
  assert.deepEqual(seen(reader.read(lines)), {
    lines: ['2.0 {"v": 1}', '0.0 text é\n', '0.1 7'],
    done: [2, 0, 1],
    violation: null,
  })
  assert.equal(reader.length, 1)
  assert.deepEqual(
    reader.oversized(Buffer.from(`{"id":"${ids[3] ?? ''}","data":"xx`)).done.map(({ from }) => from),
    [3],
  )
})

test('keyed: with OUTPUT_JSON a string stays the JSON it is', () => {
  assert.deepEqual(seen(readerOf('keyed', true).read(texts(answer(1, ',"data":"text"')))).lines, ['1.0 "text"'])
})

for (const [what, line] of [
  ['no JSON', 'hello'],
  ['no object', '[1]'],
  ['no id', '{"data":1}'],
  ['an id that is none of ours', '{"id":"x","data":1}'],
  ['an id of a record that is not in work', '{"id":"readings-0-99999"}'],
  ['an id of another partition', '{"id":"readings-1-100"}'],
] as const) {
  test(`keyed: ${what} breaks the protocol, and what stood before it counts`, () => {
    const found = seen(readerOf('keyed').read(texts(answer(0, ',"data":1'), line, answer(1, ''))))
    assert.deepEqual([found.lines, found.done], [['0.0 1'], [0]])
    assert.ok(found.violation !== null)
  })
}

const noises = fc.constantFrom('{', '}', '[', ']', ':', ',', '"', '\\', ' ', '-', 'f')
const changes = fc.array(fc.tuple(fc.nat(), fc.boolean(), fc.option(noises, { nil: '' })), { maxLength: 2 })

test('keyed: a line is an answer exactly when it is a JSON object with the id', () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.boolean(),
      fc.constantFrom('', ' ', '\t'),
      changes,
      (data, isLast, blank, mistakes) => {
        let line = `${blank}{${blank}"data":${JSON.stringify(data)},"last"${blank}:${isLast},"id":"${ids[0] ?? ''}"}${blank}`
        for (const [place, replaces, by] of mistakes) {
          const at = place % (line.length + 1)
          line = line.slice(0, at) + by + line.slice(at + (replaces ? 1 : 0))
        }
        assert.equal(seen(readerOf('keyed').read(texts(line))).violation === null, hasId(line), line)
      },
    ),
  )
})

function hasId(line: string): boolean {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && 'id' in value && value.id === ids[0]
  } catch {
    return false
  }
}

test('keyed: a record is done once', () => {
  const reader = readerOf('keyed')
  assert.ok(seen(reader.read(texts(answer(0, ''), answer(0, '')))).violation !== null)
  assert.deepEqual(
    reader.rest().map(({ from, to }) => [from, to]),
    [[1, 4]],
  )
})
