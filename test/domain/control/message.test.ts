import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { controlMessage } from '../../../src/domain/control/message.ts'

const said = (fields: object): ReturnType<typeof controlMessage> => controlMessage(JSON.stringify(fields), false)
const problem = (line: string, cut = false): string => {
  const found = controlMessage(line, cut)
  assert.ok('problem' in found, `${line} is taken as ${JSON.stringify(found)}`)
  return found.problem
}

test('every message of the documentation is understood', () => {
  for (const type of ['ready', 'heartbeat', 'stopping']) assert.deepEqual(said({ type }), { type })
  assert.deepEqual(said({ type: 'state', text: 'loading\nv7' }), { type: 'state', text: 'loading v7' })
  assert.deepEqual(said({ type: 'ack', record: 3 }), { type: 'ack', record: 3 })
  const nack = { type: 'nack', record: 3, reason: 'no such unit' }
  assert.deepEqual(said(nack), { ...nack, retry: false })
  assert.deepEqual(said({ ...nack, record: 'in-0-7', retry: true }), { ...nack, record: 'in-0-7', retry: true })
  assert.deepEqual(said({ type: 'log', level: 'warn', msg: 'odd', n: 1 }), {
    type: 'log',
    line: '{"level":"warn","msg":"odd","n":1}',
  })
  assert.deepEqual(said({ type: 'metric', name: 'score', value: 0.5 }), {
    type: 'metric',
    name: 'score',
    kind: 'gauge',
    value: 0.5,
  })
  const counter = { type: 'metric', name: 'hits_total', kind: 'counter', value: 2 }
  assert.deepEqual(said(counter), { ...counter, name: 'hits' })
})

test('what is wrong is named', () => {
  const wrong: readonly (readonly [line: string, problem: RegExp])[] = [
    ['ready', /no JSON/],
    ['[]', /no JSON object/],
    ['null', /no JSON object/],
    ['{}', /"type" should be one of ready, heartbeat/],
    ['{"type":"toString"}', /"type" should be one of/],
    ['{"type":"ready","now":true}', /ready: unknown field "now"/],
    ['{"type":"state"}', /state: "text" should be a string/],
    ['{"type":"ack","record":0}', /ack: "record" should be a count from 1/],
    ['{"type":"ack","record":1.5}', /ack: "record"/],
    ['{"type":"nack","record":1}', /nack: "reason" should be a string/],
    ['{"type":"nack","record":1,"reason":"x","retries":2}', /unknown field "retries"/],
    ['{"type":"nack","record":1,"reason":"x","retry":"yes"}', /"retry" should be true or false/],
    ['{"type":"metric","name":"Score","value":1}', /"name" should be lower-case/],
    [`{"type":"metric","name":"${'x'.repeat(65)}","value":1}`, /"name"/],
    ['{"type":"metric","name":"x","value":"1"}', /"value" should be a number/],
    ['{"type":"metric","name":"x","value":1e999}', /"value" should be a number/],
    ['{"type":"metric","name":"x","kind":"counter","value":-1}', /cannot be negative/],
    ['{"type":"metric","name":"x","kind":"histogram","value":1}', /"kind"/],
  ]
  for (const [line, expected] of wrong) assert.match(problem(line), expected)
  assert.match(problem('{"type":"ready"}', true), /over 64 KiB/)
})

test('a log message too deeply nested to be written again is a problem', () => {
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`
  assert.match(problem(`{"type":"log","a":${deep}}`), /log: nested too deeply/)
})

test('no line is an exception, and long texts are cut', () => {
  const lines = fc.oneof(
    fc.string(),
    fc.json(),
    fc.object().map((fields) => JSON.stringify({ type: 'nack', ...fields })),
  )
  fc.assert(fc.property(lines, (line) => typeof controlMessage(line, false) === 'object'))
  const long = said({ type: 'state', text: 'x'.repeat(10_000) })
  assert.ok('type' in long && long.type === 'state' && long.text.length === 200)
})
