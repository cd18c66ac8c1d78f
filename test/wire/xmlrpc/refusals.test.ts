import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { decodeCall, decodeResponse } from '../../../src/wire/xmlrpc/decode.ts'
import { encodeCall } from '../../../src/wire/xmlrpc/encode.ts'
import { callLimits } from '../../../src/wire/xmlrpc/guard.ts'
import { XmlRpcError } from '../../../src/wire/xmlrpc/problem.ts'
import { cpuTime } from '../../support/cpu-time.ts'

const call = (params: string): string => `<methodCall><methodName>m</methodName>${params}</methodCall>`
const param = (value: string): string => call(`<params><param><value>${value}</value></param></params>`)

function refusal(source: string | Uint8Array, limits = callLimits): XmlRpcError {
  try {
    decodeCall(source, limits)
  } catch (error) {
    assert.ok(error instanceof XmlRpcError, String(error))
    return error
  }
  throw new Error(`not refused: ${source.slice(0, 80).toString()}`)
}

test('what clients leave out or write otherwise is read', () => {
  assert.deepEqual(decodeCall(call('')), { method: 'm', params: [] })
  assert.deepEqual(decodeCall(call('<params/>')), { method: 'm', params: [] })
  assert.deepEqual(decodeCall(param('bare')).params, ['bare'])
  assert.deepEqual(decodeCall(param('')).params, [''])
  assert.deepEqual(decodeCall(param('<string/>')).params, [''])
  assert.deepEqual(decodeCall(param('\n<i4> -7 </i4>\n')).params, [-7])
  assert.deepEqual(decodeCall(param('<string>a<![CDATA[<b>]]><!-- c -->d</string>')).params, ['a<b>d'])
  assert.deepEqual(decodeCall(param('<ex:nil/>')).params, [null])
  assert.deepEqual(decodeCall(param('<string a=">" b=\'/>\'>x\r\ny</string>')).params, ['x\ny'])
})

const refused: readonly (readonly [string, RegExp])[] = [
  ['', /^line 1, column 1: /],
  ['<methodCall>\n <methodName>m</methodName>\n', /^line 2, column 28: Missing end tag/],
  ['<methodCall></methodCall>', /method name/],
  [call('').replace('>m<', '><'), /^line 1, column 13: expected a method name/],
  ['<methodResponse/>', /expected <methodCall>/],
  [param('\n\n  <int>one</int>'), /^line 3, column 3: expected an integer/],
  [param('<int>99999999999999999999</int>'), /integer/],
  [param('<int/>'), /integer/],
  [param('<boolean>constructor</boolean>'), /0 or 1/],
  [param('<double>nan</double>'), /decimal/],
  [param('<base64>*</base64>'), /base64/],
  [param('<dateTime.iso8601>today</dateTime.iso8601>'), /a time/],
  [param('<array><value/></array>'), /<data>/],
  [param('<array><data><int>1</int></data></array>'), /<value> in <data>/],
  [param('<struct><member><name>a</name></member></struct>'), /<member>/],
  [param('<string><b/></string>'), /text in <string>/],
  [param('<int>1</int><int>2</int>'), /one value/],
  [param('<weird>1</weird>'), /no type/],
  [call('<params><param/></params>'), /one <value>/],
  [param('&nbsp;'), /entity/],
  [param('\u0001'), /Invalid character/],
]

for (const [text, reason] of refused) {
  test(`refused, with the place: ${JSON.stringify(text.slice(0, 90))}`, () => {
    assert.match(refusal(text).message, reason)
  })
}

test('attacks are refused before the parser sees them', () => {
  const bomb = `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>${param('&b;')}`
  assert.match(refusal(bomb).message, /document type/)
  assert.match(
    refusal(`<?xml version="1.0"?>\n<!DOCTYPE x SYSTEM "file:///etc/passwd">${call('')}`).message,
    /^line 2, /,
  )
  assert.match(refusal(param('<array><data><value>'.repeat(50_000))).message, /128 levels/)
  assert.match(refusal(param('<a b="/>">'.repeat(90_000))).message, /128 levels/)
  assert.match(refusal(param(`<array><data>${'<i/>'.repeat(100_000)}</data></array>`)).message, /20000 elements/)
  assert.match(refusal(param('x'.repeat(callLimits.size))).message, /1048576 bytes/)
  assert.match(refusal(Buffer.from(param('é'.repeat(callLimits.size / 2)))).message, /1048576 bytes/)
  assert.match(refusal(Buffer.from([0x3c, 0xff, 0xfe])).message, /UTF-8/)
  assert.match(refusal(param('x'), { size: 10, depth: 1, elements: 1 }).message, /10 bytes/)
})

test('long texts of one character cost little', () => {
  for (const character of ['\r', '&lt;', '<!--', '"', ']', '😀', "<a b='"]) {
    const text = param(character.repeat(Math.floor(1_000_000 / Buffer.byteLength(character))))
    const took = cpuTime(() => {
      try {
        decodeCall(text)
      } catch (error) {
        assert.ok(error instanceof XmlRpcError)
      }
    })
    assert.ok(took < 2_000, `${JSON.stringify(character)}: ${took} ms`)
  }
})

test('a client reads what real servers send: raw control characters, and faults', () => {
  const answer = (value: string): string =>
    `<methodResponse><params><param><value>${value}</value></param></params></methodResponse>`
  assert.deepEqual(decodeResponse(answer('<string>\x1b[m</string>')), { kind: 'result', value: '\ufffd[m' })
  assert.deepEqual(decodeResponse(Buffer.from(answer('\xff'), 'latin1')), { kind: 'result', value: '\ufffd' })
  assert.throws(() => decodeResponse('<html><body>502</body></html>'), /expected <methodResponse>/)
  assert.throws(() => decodeResponse('<methodResponse><fault><value>x</value></fault></methodResponse>'), /faultCode/)
  assert.throws(() => decodeResponse('<methodResponse><params/></methodResponse>'), /one <param>/)
})

test('a mutated body is read or refused with its place, nothing else', () => {
  const body = encodeCall('supervisor.x', ['a&b', 1, true, 0.5, [new Uint8Array(3), { k: 'v' }]])
  const edit = fc.tuple(
    fc.nat(body.length),
    fc.nat(6),
    fc.oneof(fc.string(), fc.constantFrom('<', '>', '&', '</value>', '<value>', '<!--', ']]>', '"', '<?', '&#0;')),
  )
  fc.assert(
    fc.property(fc.array(edit, { minLength: 1, maxLength: 5 }), (edits) => {
      const mutated = edits.reduce((text, [at, cut, put]) => text.slice(0, at) + put + text.slice(at + cut), body)
      try {
        decodeCall(mutated)
      } catch (error) {
        assert.ok(error instanceof XmlRpcError, String(error))
        const lines = mutated.split(/\r\n?|\n/)
        assert.ok(error.line >= 1 && error.line <= lines.length)
        assert.ok(error.column >= 1 && error.column <= (lines[error.line - 1] ?? '').length + 1, error.message)
      }
    }),
    { numRuns: 500 },
  )
})
