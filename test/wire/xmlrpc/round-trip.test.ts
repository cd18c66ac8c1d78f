import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeCall, decodeResponse } from '../../../src/wire/xmlrpc/decode.ts'
import { encodeCall, encodeFault, encodeResponse } from '../../../src/wire/xmlrpc/encode.ts'
import { text, values } from './values.ts'

test('a call comes out as it went in', () => {
  fc.assert(
    fc.property(
      text.filter((name) => name !== ''),
      fc.array(values, { maxLength: 4 }),
      (method, params) => {
        assert.deepEqual(decodeCall(encodeCall(method, params)), { method, params })
        assert.deepEqual(decodeCall(Buffer.from(encodeCall(method, params))), { method, params })
      },
    ),
  )
})

test('a response comes out as it went in', () => {
  fc.assert(
    fc.property(values, (value) => {
      assert.deepEqual(decodeResponse(encodeResponse(value)), { kind: 'result', value })
    }),
  )
  fc.assert(
    fc.property(fc.integer(), text, (code, reason) => {
      assert.deepEqual(decodeResponse(encodeFault(code, reason)), { kind: 'fault', code, text: reason })
    }),
  )
})

test('any text at all makes a response that can be read', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (any) => {
      const { value } = decodeResponse(encodeResponse(any)) as { value: string }
      assert.equal(value.length, any.length)
    }),
  )
  assert.deepEqual(decodeResponse(encodeResponse('\x1b[31mred\0')), { kind: 'result', value: '\ufffd[31mred\ufffd' })
})

test('numbers travel as Python would have them', () => {
  const sent = (value: number): string => /<value>(.*)<\/value>/.exec(encodeResponse(value))?.[1] ?? ''
  assert.equal(sent(2 ** 31 - 1), '<int>2147483647</int>')
  assert.equal(sent(2 ** 31), '<double>2147483648.0</double>')
  assert.equal(sent(0.5), '<double>0.5</double>')
  assert.throws(() => encodeResponse(Number.NaN), RangeError)
})

const script = `
import json, sys, xmlrpc.client as x
answers = []
for text in json.load(sys.stdin):
    params, method = x.loads(text, use_builtin_types=True)
    answers.append(x.dumps(params, method, methodresponse=method is None, allow_none=True))
json.dump(answers, sys.stdout)
`

const withoutPython = spawnSync('python3', ['--version']).status === 0 ? false : 'no python3'

test('Python reads it, and writes the very same', { skip: withoutPython }, () => {
  // Python writes carriage returns raw, exponents with two digits at least, and no time before the year 1000.
  const plain = values.filter((value) => !/\r|e[+-]?\d/.test(JSON.stringify(value)))
  const sample = fc.sample(plain, { numRuns: 200, seed: 5 })
  const texts = [
    ...sample.map((value) => encodeResponse(value)),
    ...sample.map((value) => encodeCall('supervisor.startProcess', [value, true])),
  ].filter((encoded) => !/&#13;|\de[+-]?\d|\d{16}\.0/.test(encoded))
  assert.ok(texts.length > 100)
  const python = spawnSync('python3', ['-c', script], { input: JSON.stringify(texts), encoding: 'utf8' })
  assert.equal(python.stderr, '')
  assert.deepEqual(JSON.parse(python.stdout), texts)
})
