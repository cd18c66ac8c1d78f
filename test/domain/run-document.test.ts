import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isList, isObject, readJson, type Json } from '../../src/domain/stream/document-json.ts'
import { instantOf } from '../../src/domain/stream/instant.ts'
import { applyDocument, parseRunDocument, type DocumentPart } from '../../src/domain/stream/run-document.ts'
import type { StreamSettings } from '../../src/domain/stream/settings.ts'
import { plainSettings as base } from '../support/plain-settings.ts'

const everything: ReadonlySet<DocumentPart> = new Set(['streams', 'calculator'])

const full = {
  schema: 1,
  input: { topics: ['readings'], from: 'latest' },
  output: { topic: 'scores', format: 'raw', json: true },
  deadLetter: { topic: 'lost', attempts: 5 },
  calculator: { bin: '/opt/score.py', args: ['/var/model'], env: { MODEL: 'v7' }, workers: 1, protocol: 'one-to-one' },
}

const problemsOf = (document: unknown, allow = everything): readonly string[] => {
  const parsed = parseRunDocument(typeof document === 'string' ? document : JSON.stringify(document), allow)
  return 'problems' in parsed ? parsed.problems : []
}

const settingsOf = (document: unknown): StreamSettings => {
  const parsed = parseRunDocument(JSON.stringify(document), everything)
  assert.ok('document' in parsed, JSON.stringify(parsed))
  return applyDocument(base, parsed.document)
}

test('every field of schema 1 is taken over', () => {
  assert.deepEqual(settingsOf(full), {
    inputTopics: ['readings'],
    inputFrom: 'latest',
    outputTopic: 'scores',
    outputFormat: 'raw',
    outputJson: true,
    deadLetterTopic: 'lost',
    deadLetterAttempts: 5,
    protocol: 'one-to-one',
    workers: 1,
    bin: '/opt/score.py',
    args: ['/var/model'],
    env: { MODEL: 'v7' },
  })
})

test('a field that is not given keeps its base value', () => {
  assert.deepEqual(settingsOf({}), base)
  assert.deepEqual(settingsOf({ schema: 1, input: {} }), base)
  assert.deepEqual(settingsOf({ output: { topic: 'other' } }), { ...base, outputTopic: 'other' })
  assert.deepEqual(settingsOf({ input: { from: '2026-01-31T08:00:00Z' } }).inputFrom, Date.UTC(2026, 0, 31, 8))
})

const refused: readonly (readonly [title: string, document: unknown, problems: readonly string[]])[] = [
  ['a mistyped field', { calculator: { bn: 'x' } }, ['calculator.bn: unknown field, did you mean "bin"?']],
  ['a mistyped section', { Input: {} }, ['Input: unknown field, did you mean "input"?']],
  ['another spelling', { dead_letter: {} }, ['dead_letter: unknown field, did you mean "deadLetter"?']],
  ['a field one level too high', { args: [] }, ['args: unknown field, did you mean "calculator.args"?']],
  ['a field nobody knows', { output: { zzzzzz: 1 } }, ['output.zzzzzz: unknown field; known are topic, format, json']],
  ['another schema', { schema: 2 }, ['schema: expected 1, the only schema of this version, found 2']],
  ['a section of the wrong type', { output: [] }, ['output: expected an object, found a list']],
  ['no object', [], ['expected a JSON object, found a list']],
  ['nothing', ' \n', ['the document is empty: expected a JSON object']],
  ['no topic', { input: { topics: [] } }, ['input.topics: expected at least one topic, found a list']],
  ['one topic without a list', { input: { topics: 'a' } }, ['input.topics: expected a list of topics, found "a"']],
  [
    'a bad topic in a list',
    { input: { topics: ['a', 'b c'] } },
    [
      'input.topics[1]: expected a Kafka topic (letters, digits, dot, underscore and hyphen, at most 249 of them), found "b c"',
    ],
  ],
  ['a topic twice', { input: { topics: ['a', 'a'] } }, ['input.topics: the topic "a" is named twice']],
  [
    'a bad position',
    { input: { from: 'yesterday' } },
    ['input.from: expected "earliest", "latest" or an RFC 3339 time such as "2026-01-31T08:00:00Z", found "yesterday"'],
  ],
  ['a format', { output: { format: 'xml' } }, ['output.format: expected "dataframe" or "raw", found "xml"']],
  ['a boolean', { output: { json: 'yes' } }, ['output.json: expected true or false, found "yes"']],
  ['null', { output: { topic: null } }, [/^output\.topic: expected a Kafka topic .*, found null$/.source]],
  ['no attempts', { deadLetter: { attempts: 0 } }, ['deadLetter.attempts: expected an integer from 1, found 0']],
  [
    'too many workers',
    { calculator: { workers: 257 } },
    ['calculator.workers: expected an integer from 1 to 256, found 257'],
  ],
  ['half a worker', { calculator: { workers: 0.5 } }, ['calculator.workers: expected an integer from 1, found 0.5']],
  [
    'no protocol',
    { calculator: { protocol: 'reley' } },
    [
      'calculator.protocol: expected "relay" or "one-to-one" or "keyed" or "many" or "sink" or "source" or "batch", ' +
        'found "reley"',
    ],
  ],
  [
    'a number as argument',
    { calculator: { args: ['a', 7] } },
    ['calculator.args[1]: expected a text without NUL, found 7'],
  ],
  ['no program', { calculator: { bin: ' ' } }, ['calculator.bin: expected a path or a name in PATH, found " "']],
  [
    'environment values',
    { calculator: { env: { A: 1, 'B=C': 'x', D: 'a\0' } } },
    [
      'calculator.env.A: expected a text, found a number',
      'calculator.env."B=C": expected the name of a variable',
      'calculator.env.D: expected a text without NUL',
    ],
  ],
  [
    'a missing end',
    '{"input": {',
    ['line 1, column 12: expected a field name in double quotes, found the end of the document'],
  ],
  ['a comma too many', '{\n  "schema": 1,\n}', ['line 3, column 1: expected a field name in double quotes, found "}"']],
  ['a missing comma', '{"a": 1 "b": 2}', ['line 1, column 9: expected "," or "}", found "\\""']],
  ['a word', '{"a": yes}', ['line 1, column 7: expected a value, found "y"']],
  ['something behind', '{} x', ['line 1, column 4: expected the end of the document, found "x"']],
  ['a field twice', '{"input": {},\n "input": {}}', ['line 2, column 2: the field "input" is given twice']],
  ['bytes that are no UTF-8', '{"a": "\ufffd"}', ['the document is not valid UTF-8']],
  ['endless nesting', '['.repeat(500_000), ['line 1, column 34: nested deeper than 32 levels']],
]

for (const [title, document, expected] of refused) {
  test(`refused with its place: ${title}`, () => {
    const problems = problemsOf(document)
    assert.equal(problems.length, expected.length, problems.join('\n'))
    for (const [index, problem] of problems.entries()) {
      const wanted = expected[index] ?? ''
      if (wanted.startsWith('^')) assert.match(problem, new RegExp(wanted))
      else assert.equal(problem, wanted)
    }
  })
}

test('all problems come at once, and not more than a person can read', () => {
  assert.equal(problemsOf({ output: { topic: 7, json: 7 }, calculator: { bn: 1 } }).length, 3)
  const many = problemsOf(Object.fromEntries(Array.from({ length: 500 }, (_, index) => [`field${index}`, 1])))
  assert.equal(many.length, 21)
  assert.equal(many.at(-1), 'and 480 more problems')
})

test('what RUN_DOCUMENT_ALLOW does not permit is named with its path', () => {
  const streams = new Set<DocumentPart>(['streams'])
  assert.deepEqual(problemsOf({ calculator: { bin: '/x' }, output: { topic: 'a' } }, streams), [
    'calculator.bin: not permitted by RUN_DOCUMENT_ALLOW=streams',
  ])
  assert.deepEqual(problemsOf({ deadLetter: { attempts: 2 } }, new Set(['calculator'])), [
    'deadLetter.attempts: not permitted by RUN_DOCUMENT_ALLOW=calculator',
  ])
  assert.deepEqual(problemsOf({ input: { from: 'latest' } }, new Set()), [
    'input.from: not permitted by RUN_DOCUMENT_ALLOW=none',
  ])
  assert.deepEqual(problemsOf({ schema: 1, output: { topic: 'a' } }, streams), [])
})

test('a value of the environment is never repeated in a problem', () => {
  const problems = problemsOf({ calculator: { env: { SECRET: 4711, OTHER: 'hush\0' } } })
  assert.equal(problems.length, 2)
  assert.doesNotMatch(problems.join(), /4711|hush/)
})

test('a byte order mark in front is no problem', () => {
  assert.deepEqual(problemsOf('\ufeff{"schema": 1}'), [])
})

// Broken and unbroken documents near the schema: what plain random text never reaches.
const names = [
  'schema',
  'input',
  'output',
  'deadLetter',
  'calculator',
  'topics',
  'topic',
  'env',
  'args',
  '__proto__',
  'bn',
]
const nearDocument = fc.dictionary(
  fc.constantFrom(...names),
  fc.oneof(fc.jsonValue(), fc.dictionary(fc.constantFrom(...names), fc.jsonValue())),
)
const damaged = fc.tuple(fc.jsonValue(), fc.nat(), fc.string({ maxLength: 3 })).map(([value, at, insert]) => {
  const text = JSON.stringify(value)
  const place = at % (text.length + 1)
  return text.slice(0, place) + insert + text.slice(place + insert.length)
})
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.json(),
  damaged,
  nearDocument.map((value) => JSON.stringify(value)),
)

test('any text gives a document or problems, never an exception', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      const parsed = parseRunDocument(text, everything)
      if ('document' in parsed) return typeof applyDocument(base, parsed.document).workers === 'number'
      return parsed.problems.length > 0 && parsed.problems.every((problem) => problem.length < 1000)
    }),
    { numRuns: 3000 },
  )
})

const plain = (value: Json): unknown => {
  if (isList(value)) return value.map(plain)
  return isObject(value) ? Object.fromEntries([...value].map(([name, field]) => [name, plain(field)])) : value
}

const nativeJson = (text: string): { value: unknown } | null => {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch {
    return null
  }
}

test('the reader accepts what JSON.parse accepts, with the same value', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), damaged, fc.string()), (text) => {
      const ours = readJson(text)
      const native = nativeJson(text)
      if ('problem' in ours) {
        assert.ok(native === null || /twice|deeper/.test(ours.problem), `${text}: ${ours.problem}`)
        assert.match(ours.problem, /^line \d+, column \d+: /)
      } else {
        assert.ok(native !== null, text)
        assert.deepEqual(plain(ours.value), native.value)
      }
    }),
    { numRuns: 5000 },
  )
})

test('an RFC 3339 time is the instant that Date sees', () => {
  const offset = fc.tuple(fc.constantFrom('+', '-'), fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
  const two = (number: number): string => String(number).padStart(2, '0')
  const year = { noInvalidDate: true, min: new Date('0001-01-01'), max: new Date('9999-12-30') }
  fc.assert(
    fc.property(fc.date(year), fc.option(offset), (date, zone) => {
      const text = date.toISOString().replace('Z', zone === null ? 'Z' : `${zone[0]}${two(zone[1])}:${two(zone[2])}`)
      assert.equal(instantOf(text), Date.parse(text), text)
    }),
  )
  assert.equal(instantOf('2026-01-31t08:00:00.1239z'), Date.UTC(2026, 0, 31, 8, 0, 0, 123))
  for (const wrong of [
    '2026-02-29T00:00:00Z',
    '2026-01-31',
    '2026-01-31T08:00:00',
    '2026-01-31T24:00:00Z',
    '1760000000',
  ]) {
    assert.equal(instantOf(wrong), null, wrong)
  }
})
