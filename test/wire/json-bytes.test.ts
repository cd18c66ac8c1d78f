import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { skipString } from '../../src/domain/stream/json-text.ts'
import { isJson } from '../../src/domain/stream/json-text.ts'
import { escapedLength, escapeInto, isUtf8, unescape } from '../../src/wire/json-bytes.ts'

/** The judge: what JSON.parse accepts of bytes that are UTF-8 as a whole. */
function parses(bytes: Uint8Array): boolean {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes))
    return true
  } catch {
    return false
  }
}

/** The document stands between bytes that would change the answer if they were looked at. */
function judged(bytes: Uint8Array): boolean {
  const padded = Buffer.concat([Buffer.from('"1'), bytes, Buffer.from('1"]')])
  return isJson(padded, 2, 2 + bytes.length)
}

const rejected = [
  ...[
    '',
    ' ',
    'nul',
    'nulll',
    'True',
    '01',
    '-',
    '+1',
    '.5',
    '1.',
    '1e',
    '1e+',
    '0x1',
    'NaN',
    'Infinity',
    '1 2',
    '--1',
    '1.e3',
  ],
  ...['"', '"a', 'a"', "'a'", '"\\x"', '"\\u12g4"', '"\\u123"', '"\t"', '"\n"', '"\0"', '"\\"', '"a"b'],
  ...[
    '[',
    ']',
    '[1',
    '[1,]',
    '[,1]',
    '[1 2]',
    '[1}',
    '{',
    '}',
    '{]',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '{a:1}',
    '{1:1}',
    '{"a":1 "b":2}',
  ],
  ...['{"a":1]', '[[]', '[]]', '{"a":1,,"b":2}', '/* */1', '\ufeff1', '\u00a01', '\f1', 'undefined', '[1],'],
]
const accepted = [
  ...[
    '0',
    '-0',
    '10',
    '1.5',
    '-1.5e10',
    '1E-7',
    '0e+0',
    '""',
    '"a"',
    '"\\u00e9\\ud800"',
    '"\\"\\\\\\/\\b\\f\\n\\r\\t"',
    '"\u007f"',
  ],
  ...[
    '[]',
    '{}',
    '[1,"a",null,true,false,{}]',
    ' \t\r\n[ 1 , 2 ] \n',
    '{"a":{"b":[{}]},"":0}',
    '"\u{10ffff}é€😀"',
    '{ "a" : 1 }',
  ],
]

test('knows JSON from what only looks like it', () => {
  for (const text of rejected) assert.equal(judged(Buffer.from(text)), false, JSON.stringify(text))
  for (const text of accepted) assert.equal(judged(Buffer.from(text)), true, text)
  for (const text of [...rejected, ...accepted]) assert.equal(parses(Buffer.from(text)), accepted.includes(text), text)
})

test('agrees with JSON.parse on documents and on what is left after a byte of them changed', () => {
  fc.assert(
    fc.property(
      fc.json({ noUnicodeString: false }),
      fc.nat(),
      fc.nat({ max: 255 }),
      fc.nat({ max: 3 }),
      (text, where, byte, how) => {
        const bytes = Buffer.from(text)
        assert.equal(judged(bytes), true, text)
        const at = where % bytes.length
        const before = bytes.subarray(0, at)
        const after = bytes.subarray(at + (how === 0 ? 0 : 1))
        const changed = Buffer.concat([before, how === 3 ? Buffer.alloc(0) : Buffer.from([byte]), after])
        assert.equal(judged(changed), parses(changed), changed.toString())
      },
    ),
    { numRuns: 5000 },
  )
})

test('agrees with JSON.parse on bytes made of the pieces of JSON and of UTF-8', () => {
  const piece = fc.constantFrom(
    ...[
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"',
      '"',
      '\\',
      '\\u',
      'd83d',
      '0',
      '1',
      '-',
      '.',
      'e',
      '+',
      'true',
      'null',
      ' ',
      '\n',
      '"a":',
      '[]',
    ].map((text) => Buffer.from(text)),
    ...[
      [0x00],
      [0x80],
      [0xc0],
      [0xc3, 0xa9],
      [0xe0, 0x80],
      [0xe2, 0x82, 0xac],
      [0xed, 0xa0, 0x80],
      [0xf0],
      [0xf4, 0x90],
      [0xff],
    ].map((bytes) => Buffer.from(bytes)),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 9 }), fc.boolean(), (pieces, quoted) => {
      const inside = Buffer.concat(pieces)
      const bytes = quoted ? Buffer.concat([Buffer.from('"'), inside, Buffer.from('"')]) : inside
      assert.equal(judged(bytes), parses(bytes), bytes.toString('latin1'))
    }),
    { numRuns: 20_000 },
  )
})

test('every sequence of two to four bytes inside a string is judged as UTF-8 is', () => {
  const leads = [
    0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff,
  ]
  const seconds = [0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0]
  const others = [0x7f, 0x80, 0xbf, 0xc0]
  for (const a of leads) {
    for (const b of seconds) {
      for (const rest of [[], ...others.map((c) => [c]), ...others.flatMap((c) => others.map((d) => [c, d]))]) {
        const bytes = Buffer.from([0x22, a, b, ...rest, 0x22])
        assert.equal(judged(bytes), isUtf8(bytes, 0, bytes.length), bytes.toString('hex'))
      }
    }
  }
})

test('brackets up to 1000 deep, and a million without a stack overflow', () => {
  const nested = (depth: number): Buffer => Buffer.from('[{"a":'.repeat(depth / 2) + '1' + '}]'.repeat(depth / 2))
  assert.equal(judged(nested(1000)), true)
  assert.equal(judged(nested(1002)), false)
  assert.equal(judged(Buffer.from('['.repeat(1e6))), false)
  assert.equal(judged(Buffer.from('[]')), true)
})

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({
    unit: fc.constantFrom(
      '"',
      '\\',
      '\n',
      '\0',
      '\x1f',
      'é',
      '😀',
      'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa',
      '/',
    ),
  }),
)

test('escapes as JSON.stringify does, and only the bytes it was given', () => {
  fc.assert(
    fc.property(text, (value) => {
      const bytes = Buffer.from(value)
      const padded = Buffer.concat([Buffer.from('"\n'), bytes, Buffer.from('\n"')])
      const expected = JSON.stringify(bytes.toString()).slice(1, -1)
      const length = escapedLength(padded, 2, 2 + bytes.length)
      const out = new Uint8Array(length + 10).fill(0x2e)
      assert.equal(escapeInto(out, 5, padded, 2, 2 + bytes.length), 5 + length)
      assert.equal(Buffer.from(out).toString(), `.....${expected}.....`)
    }),
    { numRuns: 3000 },
  )
})

test('reads the inside of a string as JSON.parse does', () => {
  const piece = fc.constantFrom(
    '\\n',
    '\\"',
    '\\\\',
    '\\/',
    '\\b\\f\\r\\t',
    '\\u0041',
    '\\u00e9',
    '\\u20AC',
    '\\ud83d\\ude00',
    '\\ud83d',
    '\\ude00',
    'é',
    '😀',
    'x',
  )
  const body = fc.oneof(
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
    text.map((value) => JSON.stringify(value).slice(1, -1)),
  )
  fc.assert(
    fc.property(body, (inside) => {
      const bytes = Buffer.from(`"${inside}"`)
      assert.equal(skipString(bytes, 0, bytes.length), bytes.length)
      const expected = Buffer.from(JSON.parse(bytes.toString()) as string)
      assert.deepEqual(Buffer.from(unescape(bytes, 1, bytes.length - 1)), expected)
    }),
    { numRuns: 3000 },
  )
})

test('UTF-8 is judged within the given bounds', () => {
  const bytes = Buffer.from([0xff, 0xc3, 0xa9, 0xff])
  assert.equal(isUtf8(bytes, 1, 3), true)
  assert.equal(isUtf8(bytes, 1, 2), false)
  assert.equal(isUtf8(bytes, 0, 4), false)
})
